// How a connection ends: refused, drained, timed out, or closed by the peer.

#include <algorithm>
#include <array>
#include <utility>

#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

void conversation::bail_out(unsigned status, std::string_view reason) {
  server_.tell(
      event_error(static_cast<int>(status), request_.peer().empty()
                                                ? std::string(reason)
                                                : std::string(request_.peer()) + ": " + std::string(reason)));
  if (answering_ == answering::started) {
    abort();
    return;
  }
  if (answering_ == answering::finished) {  // the answer has gone already; only the rest of the body was bad
    linger();
    return;
  }
  ++exchanges_;
  if (on_cancel_) call(on_cancel_);
  drop_callbacks();
  writer_.begin_error();
  std::string& out = server_.scratch();
  out.clear();
  const std::array fields{http::Field{"Content-Type", "text/plain; charset=utf-8"}};
  std::string text(reason);
  text += '\n';
  writer_.respond({status, fields, text}, out);
  send();
  linger();
}

/// Closes so that the client can read its answer: the sending side first, and the rest when the client has
/// closed or the time for it is over. A close at once would answer what the client still sends by a reset,
/// which takes the answer away.
void conversation::linger() {
  if (answering_ == answering::last) return;
  set(answering::last);
  ahead_ = {};
  shutdown_socket(socket_);
  if (peer_done_)
    close_socket(socket_);
  else
    enable_socket(socket_);
}

void conversation::peer_done() {
  peer_done_ = true;
  if (answering_ == answering::last || receiving_ == receiving::idle) {
    close_socket(socket_);
  } else if (receiving_ != receiving::complete && ahead_.empty() && !parsing_) {
    if (const http::ParseResult result = parser_.finish(); result.status == http::ParseStatus::malformed)
      bail_out(result.error.status, result.error.reason);
  }
}

void conversation::ended() {
  if ((answering_ == answering::waiting || answering_ == answering::started) && on_cancel_) {
    ++exchanges_;
    const Callback cancel = std::exchange(on_cancel_, nullptr);
    guarded(cancel);
  }
  set(answering::last);
  drop_callbacks();
  server_.remove(*this);
}

void conversation::begin_drain() {
  if (receiving_ == receiving::idle && answering_ == answering::none) {
    linger();
    close_socket(socket_);
  } else {
    writer_.close_after();
  }
}

void conversation::check_deadline(clock::time_point now) {
  if (socket_closed_p(socket_)) return;
  const http_limits& limits = server_.limits();
  const auto over = [&](std::chrono::milliseconds limit) { return now - since_ >= limit; };
  if (answering_ == answering::last) {
    if (over(limits.linger)) abort();
  } else if (receiving_ == receiving::idle) {
    if (over(first_ ? std::min(limits.head, limits.keep_alive) : limits.keep_alive)) close_socket(socket_);
  } else if (receiving_ == receiving::head) {
    if (over(limits.head)) bail_out(408, "the request's head took too long");
  } else if (receiving_ == receiving::body) {
    if (!body_paused_ && over(limits.body_idle)) bail_out(408, "the request's body took too long");
  } else if (answering_ == answering::waiting && over(limits.response)) {
    bail_out(503, "no answer in time");
  }
}

}  // namespace antiphon::cl_async_style
