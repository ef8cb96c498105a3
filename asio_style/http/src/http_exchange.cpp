// The answering half of HttpProtocol: the Exchange, the ends of answers and of connections, the limits.

#include <algorithm>
#include <array>
#include <utility>

#include "antiphon/asio_style/address.hpp"
#include "antiphon/asio_style/http/http_protocol.hpp"
#include "antiphon/asio_style/transport.hpp"
#include "http_connections.hpp"
#include "inside.hpp"
#include "turn.hpp"

namespace antiphon::asio_style {

using detail::HttpConnections;
using detail::Turn;
using http::WriteResult;

namespace {

// So many octets of answers are gathered before they are sent in the middle of a callback: few system calls,
// and less than the default high-water mark, so that a slow reader never costs more than that and one piece.
constexpr std::size_t gathered_at_most = 32 * 1024;

constexpr http::Field plain_text{"Content-Type", "text/plain; charset=utf-8"};

// Longer delays would overflow the clock.
constexpr std::chrono::hours longest_delay{24 * 365};

}  // namespace

// ---- http::Exchange

void HttpProtocol::respond(const http::ResponseView& response) {
  if (writing_ != Writing::waiting) return;
  before_head(true);
  std::string& octets = out();
  if (turn_->writer.respond(response, octets) != WriteResult::written) return refuse_bad_field();
  sent_some();
  answered();
}

void HttpProtocol::start(unsigned status, std::span<const http::Field> fields,
                         std::optional<std::uint64_t> length) {
  if (writing_ != Writing::waiting) return;
  // Who begins a good answer before the body has come will make it out of the body; afterwards the invitation
  // would come too late.
  if (status < 300) invite_body();
  before_head(false);
  if (turn_->writer.head(status, fields, length, out()) != WriteResult::written) return refuse_bad_field();
  writing_ = Writing::started;
  touch();
  sent_some();
}

void HttpProtocol::write(std::span<const std::byte> octets) {
  if (writing_ != Writing::started) return;
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  if (turn_->writer.body(text, out()) == WriteResult::too_much)
    log("a response with more octets than its Content-Length");
  sent_some();
}

void HttpProtocol::finish() {
  if (writing_ != Writing::started) return;
  if (turn_->writer.finish(out()) == WriteResult::too_little) {
    log("a response with fewer octets than its Content-Length");
    flush();
    end_exchange();
    abort();  // the client must not take the next answer for the rest of this one
    return;
  }
  answered();
}

void HttpProtocol::on_writable(Callback callback) {
  if (!exchange_lives()) return;
  turn_->has_callbacks = true;
  turn_->on_writable.set(std::move(callback));
}

void HttpProtocol::on_body(BodyCallback callback) {
  if (!exchange_lives()) return;
  turn_->has_callbacks = true;
  turn_->on_body.set(std::move(callback));
  if (writing_ == Writing::waiting) invite_body();
  wake();
}

void HttpProtocol::pause_body() {
  if (!exchange_lives()) return;
  body_paused_ = true;
  if (!inside_) update_reading();
}

void HttpProtocol::resume_body() {
  if (!exchange_lives() || !body_paused_) return;
  body_paused_ = false;
  touch();
  wake();
}

void HttpProtocol::after(std::chrono::milliseconds delay, Callback callback) {
  if (!exchange_lives()) return;
  turn_->has_callbacks = true;
  const auto timer = turn_->timers.emplace(turn_->timers.end());
  const auto clamped =
      std::clamp<std::chrono::milliseconds>(delay, std::chrono::milliseconds(0), longest_delay);
  *timer = server_->loop.call_later(clamped, [this, timer, callback = std::move(callback)] {
    turn_->timers.erase(timer);
    inside([&] {
      if (const auto failure = detail::attempt(callback)) handler_failed(failure);
    });
  });
}

void HttpProtocol::on_cancel(Callback callback) {
  if (!exchange_lives()) return;
  turn_->has_callbacks = true;
  turn_->on_cancel = std::move(callback);
}

// ---- octets out

/// 100 Continue, once, and only if nothing of the body was worth sending without it.
void HttpProtocol::invite_body() {
  if (!turn_->plan.invite()) return;
  out().append(http::ResponseWriter::continue_100);
  sent_some();
}

/// Decides whether the connection can be kept, before the head says so. `whole`: nothing of the body still to
/// come will be of use.
void HttpProtocol::before_head(bool whole) {
  if (server_->draining()) turn_->writer.close_after();
  if (reading_ == Reading::body && turn_->plan.must_close(whole)) turn_->writer.close_after();
}

/// Octets were added to out(): they go at the end of the callback, or now if they are many or nobody is there
/// to do it later. What the transport holds back must be told to it at once, so that it can pause the writer.
void HttpProtocol::sent_some() {
  if (!inside_ || out().size() >= gathered_at_most || transport_->get_write_buffer_size() > 0) flush();
}

void HttpProtocol::flush() {
  if (!turn_ || !turn_->out) return;
  std::string& octets = *turn_->out;
  if (octets.empty()) return;
  Transport& transport = *transport_;
  if (!transport.is_closing()) {
    HttpStatistics& statistics = server_->statistics;
    written_ += octets.size();
    ++statistics.writes;
    statistics.octets_sent += octets.size();
    if (const auto& metrics = server_->options.telemetry.metrics) metrics->sent(octets.size());
    transport.write(octets);  // may call pause_writing, which only notes it
    statistics.most_buffered = std::max(statistics.most_buffered, transport.get_write_buffer_size());
  }
  // Gone: connection_lost comes in the next turn of the loop, and until then nobody shall go on producing.
  if (transport.is_closing()) writable_ = false;
  octets.clear();
  if (octets.capacity() > Turn::light_at_most) server_->give_back(std::move(turn_->out));
}

/// The answer is whole. The next request is settle's business.
void HttpProtocol::answered() {
  count_answer(true);
  end_exchange();
  touch();
  if (inside_) return;
  flush();
  wake();
}

/// `understood`: the answer is one to a request, of which the head was whole.
void HttpProtocol::count_answer(bool understood) {
  const unsigned status = turn_->writer.status();
  HttpConnections& server = *server_;
  ++server.statistics.responses[std::min(status / 100, 5U)];
  if (!server.options.telemetry) return;
  http::AccessEntry entry{.peer = peer(), .status = status, .octets = turn_->writer.body_octets()};
  if (understood) {
    entry.method = turn_->request.method();
    entry.target = turn_->request.target();
    entry.version_minor = turn_->request.version_minor();
    entry.took = std::chrono::steady_clock::now() - turn_->began;
  }
  server.options.telemetry.answered(entry);
}

void HttpProtocol::refuse_bad_field() {
  log("a response with a header field that has CR, LF or NUL in it");
  const std::array fields{plain_text};
  turn_->writer.respond({500, fields, "internal server error\n"}, out());
  sent_some();
  answered();
}

// ---- ends of answers

void HttpProtocol::cancel_exchange() {
  if (!exchange_lives()) return;
  const Callback cancel = std::exchange(turn_->on_cancel, nullptr);
  end_exchange();
  if (!cancel) return;
  if (const auto failure = detail::attempt(cancel)) log(describe(failure));
}

/// SN-014: 500 if nothing was sent, else the end of the connection, since half an answer can't be taken back.
void HttpProtocol::handler_failed(const std::exception_ptr& failure) {
  std::string what(turn_->request.method());
  what.append(" ").append(turn_->request.target()).append(": ").append(describe(failure));
  log(what);
  if (writing_ == Writing::waiting) {
    const std::array fields{plain_text};
    respond(http::ResponseView{500, fields, "internal server error\n"});
  } else if (writing_ == Writing::started) {
    abort();
  }
}

// ---- ends of connections

/// SN-011: one complete error response, unless another was begun.
void HttpProtocol::bail_out(unsigned status, std::string_view reason) {
  log(reason);
  if (writing_ == Writing::started) {
    abort();
    return;
  }
  const bool answer_given = writing_ == Writing::finished;  // only the rest of its body was bad
  const bool understood = reading_ == Reading::body || reading_ == Reading::complete;
  cancel_exchange();
  if (!answer_given) {
    if (!turn_) begin_turn();
    const std::array fields{plain_text};
    std::string text(reason);
    text += '\n';
    turn_->writer.begin_error(turn_->parser->is_head());
    turn_->writer.respond({status, fields, text}, out());
    count_answer(understood);
  }
  linger();
}

/// Closes so that the client can read its answer: our direction first, the rest when the client closes or has
/// had its time. Closing at once would answer what it still sends by a reset, which takes the answer away
/// from it.
void HttpProtocol::linger() {
  if (phase_ != Phase::serving) return;
  flush();
  phase_ = Phase::lingering;
  touch();
  if (transport_->is_closing()) return;
  if (peer_done_ || !transport_->can_write_eof()) return transport_->close();
  if (detail::attempt([this] { transport_->write_eof(); })) abort();  // reset by the client (AS-177)
}

/// False if it was over already.
bool HttpProtocol::abort() {
  if (phase_ == Phase::aborted || phase_ == Phase::lost) return false;
  cancel_exchange();
  phase_ = Phase::aborted;
  transport_->abort();
  return true;
}

// ---- limits

bool HttpProtocol::over(std::chrono::milliseconds limit) const noexcept {
  return server_->over(since_, limit);
}

void HttpProtocol::check_deadline() {
  if (phase_ == Phase::serving) inside([this] { check_serving(); });
  if (phase_ == Phase::lingering) check_lingering();
}

void HttpProtocol::check_serving() {
  const HttpLimits& limits = server_->options.limits;
  if (reading_ == Reading::idle) {
    if (!had_request_ && over(limits.request_timeout))
      return bail_out(408, "the request's head took too long");
    if (had_request_ && over(limits.keep_alive_timeout)) linger();
  } else if (reading_ == Reading::head) {
    if (over(limits.request_timeout)) bail_out(408, "the request's head took too long");
  } else if (body_is_coming()) {
    if (over(limits.body_timeout)) bail_out(408, "the request's body took too long");
  } else if (writing_ == Writing::waiting) {
    if (over(limits.response_timeout)) bail_out(503, "no answer in time");
  } else if (client_stalls(limits.response_timeout)) {
    log("takes nothing of its answer");
    abort();
  }
}

void HttpProtocol::check_lingering() {
  const HttpLimits& limits = server_->options.limits;
  if (transport_->get_write_buffer_size() > 0) {
    if (client_stalls(limits.response_timeout)) abort();
  } else if (over(limits.linger_timeout)) {
    abort();
  }
}

/// Octets wait to be sent, and for so long not one of them could be.
bool HttpProtocol::client_stalls(std::chrono::milliseconds limit) {
  const std::size_t waiting = transport_->get_write_buffer_size();
  if (waiting == 0 || written_ - waiting != taken_) touch();
  taken_ = written_ - waiting;
  return over(limit);
}

// ---- log

const std::string& HttpProtocol::peer() {
  if (peer_.empty()) {
    const std::any name = transport_->get_extra_info("peername");
    const auto* address = std::any_cast<SocketAddress>(&name);
    peer_ = address != nullptr ? address->to_string() : std::string();
    if (peer_.empty()) peer_ = "unknown";
  }
  return peer_;
}

void HttpProtocol::log(std::string_view what) {
  server_->log(peer(), what);
}

}  // namespace antiphon::asio_style
