// How a connection ends: refused, drained, timed out, or closed by the peer.

#include <algorithm>
#include <array>
#include <utility>

#include "antiphon/cl_async_style/ssl.hpp"
#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

void conversation::bail_out(unsigned status, std::string_view reason) {
  const std::string_view peer = work().request.peer();
  tell(parse_error(status,
                   peer.empty() ? std::string(reason) : std::string(peer) + ": " + std::string(reason),
                   socket_.ref()));
  if (answering_ == answering::started) {
    abort();
    return;
  }
  if (answering_ == answering::finished) {  // the answer has gone already; only the rest of the body was bad
    linger();
    return;
  }
  const bool understood = receiving_ >= receiving::body;
  ++exchanges_;
  failed_ = true;
  holding_ = false;
  turn_->held.reset();
  set(answering::held);  // whoever is called from now on cannot answer any more
  if (turn_->on_cancel) call(turn_->on_cancel);
  drop_callbacks();
  turn_->writer.begin_error(turn_->parser.is_head());
  const std::array own{http::Field{"Content-Type", "text/plain; charset=utf-8"}};
  const std::string text = std::string(reason) + "\n";
  turn_->headers.clear();
  const http::ResponseView view{status, all_fields(own), text};
  try {
    state_.run(hook::response_started, *this, turn_->request, status, view.fields, view.body);
  } catch (const std::exception& error) {
    tell(error);
  }
  std::string& out = server_.scratch();
  out.clear();
  turn_->writer.respond(view, out);
  send();
  if (server_.watched()) tell_answer(understood);
  linger();
}

/// Closes so that the client can read its answer: the sending side first, and the rest when the client has
/// closed or the time for it is over. A close at once would answer what the client still sends by a reset,
/// which takes the answer away.
///
/// A client that has asked for the end sends nothing more (RFC 9112, 9.6).
void conversation::linger() {
  if (answering_ == answering::last) return;
  const bool client_is_done =
      peer_done_ || (turn_ && receiving_ >= receiving::whole && !turn_->request.keep_alive());
  set(answering::last);
  if (client_is_done) {
    close_socket(socket_);
  } else {
    shutdown_socket(socket_);
    read_on();
  }
}

void conversation::peer_done() {
  peer_done_ = true;
  if (answering_ == answering::last) {
    close_socket(socket_);
  } else if (holding_ || paused_ || parsing_ || (turn_ && !turn_->ahead.empty())) {
    return;  // there is more to be done with what has come; parse_ahead asks again
  } else if (receiving_ == receiving::idle) {
    close_socket(socket_);
  } else if (receiving_ < receiving::whole) {
    if (const http::ParseResult result = turn_->parser.finish();
        result.status == http::ParseStatus::malformed)
      bail_out(result.error.status, result.error.reason);
  }
}

void conversation::ended() {
  const Callback cancel = answerable() ? std::exchange(turn_->on_cancel, nullptr) : nullptr;
  set(answering::last);
  ++exchanges_;
  if (turn_) turn_->held.reset();
  if (cancel) guarded(cancel);
  drop_callbacks();
  rest();
}

void conversation::begin_drain() {
  if (receiving_ == receiving::idle && answering_ == answering::none) {
    linger();
    close_socket(socket_);
  } else if (turn_) {
    turn_->writer.close_after();
  }
}

void conversation::check_deadline(clock::time_point now) {
  if (socket_closed_p(socket_)) {
    if (client_stalls(now)) abort();
    return;
  }
  rest();
  const http_limits& limits = server_.limits();
  const auto over = [&](std::chrono::milliseconds limit) { return now - since_ >= limit; };
  const bool unanswered = answering_ == answering::waiting || answering_ == answering::held;
  if (answering_ == answering::last) {
    // Before the handshake is done no answer can go, so there is nothing to wait for.
    const bool shaking = ssl_engine(socket_) != nullptr && !ssl_engine(socket_)->handshake_done();
    if (buffered() > 0 && !shaking ? client_stalls(now) : over(limits.linger_timeout)) abort();
  } else if (receiving_ == receiving::idle && first_) {
    if (over(limits.request_timeout)) bail_out(408, "the request's head took too long");
  } else if (receiving_ == receiving::idle) {
    if (over(limits.keep_alive_timeout)) linger();
  } else if (receiving_ == receiving::head) {
    if (over(limits.request_timeout)) bail_out(408, "the request's head took too long");
  } else if (receiving_ == receiving::body && !body_paused_ && !holding_) {
    if (over(limits.body_timeout)) bail_out(408, "the request's body took too long");
  } else if (unanswered) {
    if (over(limits.response_timeout)) bail_out(503, "no answer in time");
  } else if (client_stalls(now)) {
    tell(event_error(0, std::string(turn_->request.peer()) + ": takes nothing of its answer"));
    abort();
  }
}

/// Octets wait to be sent, and for so long not one of them could be.
bool conversation::client_stalls(clock::time_point now) {
  const std::uint64_t waiting = buffered();
  if (waiting == 0 || written_ - waiting != taken_) since_ = now;
  taken_ = written_ - waiting;
  return now - since_ >= server_.limits().response_timeout;
}

}  // namespace antiphon::cl_async_style
