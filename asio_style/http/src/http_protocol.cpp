#include "antiphon/asio_style/http/http_protocol.hpp"

#include <algorithm>
#include <any>
#include <array>
#include <exception>
#include <utility>

#include "antiphon/asio_style/transport.hpp"

namespace antiphon::asio_style {

HttpProtocol::HttpProtocol(HttpServer& server)
    : server_(server), parser_(*this, server.options_.limits.parser), writer_(server.date_), since_(server.now_) {}

HttpProtocol::~HttpProtocol() = default;

void HttpProtocol::set(Receiving state) noexcept {
  receiving_ = state;
  since_ = server_.now_;
}
void HttpProtocol::set(Answering state) noexcept {
  answering_ = state;
  since_ = server_.now_;
}

template <typename Function, typename... Args>
void HttpProtocol::call(Function& slot, Args&&... args) {
  const std::size_t exchange = exchanges_;
  Function running = std::move(slot);
  slot = nullptr;
  try {
    running(std::forward<Args>(args)...);
  } catch (const std::exception& error) {
    handler_failed(error.what());
  }
  if (exchange == exchanges_ && !slot) slot = std::move(running);
}

// Protocol

void HttpProtocol::connection_made(std::shared_ptr<Transport> transport) {
  transport_ = std::move(transport);
  const std::any peer = transport_->get_extra_info("peername");
  if (const auto* address = std::any_cast<SocketAddress>(&peer)) request_.set_peer(address->to_string());
  server_.add(*this);
}

void HttpProtocol::data_received(std::span<const std::byte> data) {
  if (answering_ == Answering::last) return;  // nothing is read behind the last answer (trap T9)
  if (parsing_ || !ahead_.empty() || !may_parse()) {
    ahead_.append(reinterpret_cast<const char*>(data.data()), data.size());
    transport_->pause_reading();
    return;
  }
  parse(data);
}

bool HttpProtocol::eof_received() {
  peer_done_ = true;
  if (answering_ == Answering::last || receiving_ == Receiving::idle) return false;
  if (receiving_ != Receiving::complete && ahead_.empty()) {
    if (const http::ParseResult result = parser_.finish(); result.status == http::ParseStatus::malformed)
      bail_out(result.error.status, result.error.reason);
    return false;
  }
  return true;  // a client that has no more to send still wants its answer
}

void HttpProtocol::connection_lost(std::exception_ptr /*exc*/) {
  if (answering() && on_cancel_) {  // SN-015
    ++exchanges_;
    const Callback cancel = std::exchange(on_cancel_, nullptr);
    try {
      cancel();
    } catch (const std::exception& error) {
      server_.log(request_.peer(), error.what());
    }
  }
  set(Answering::last);
  drop_callbacks();
  server_.remove(*this);
  transport_.reset();
}

void HttpProtocol::pause_writing() { writable_ = false; }

void HttpProtocol::resume_writing() {
  writable_ = true;
  if (on_writable_) call(on_writable_);
}

bool HttpProtocol::close_if_idle() {
  if (receiving_ != Receiving::idle || answering_ != Answering::none) return false;
  set(Answering::last);
  transport_->close();
  return true;
}

// Parsing

bool HttpProtocol::may_parse() const noexcept {
  return answering_ != Answering::last && !body_paused_ && receiving_ != Receiving::complete && transport_ != nullptr &&
         !transport_->is_closing();
}

void HttpProtocol::parse(std::span<const std::byte> octets) {
  parsing_ = true;
  // The handler of a request may have to run although no octet is left: its head paused the parser behind the last one.
  bool more = !octets.empty();
  while (more && may_parse()) {
    if (receiving_ == Receiving::idle) set(Receiving::head);
    const http::ParseResult result = parser_.feed(octets);
    octets = octets.subspan(result.consumed);
    more = !octets.empty();
    if (result.status == http::ParseStatus::malformed) {
      octets = {};
      bail_out(result.error.status, result.error.reason);
      break;
    }
    if (result.status == http::ParseStatus::paused && !handled_) {
      handle_request();
      if (!body_paused_) parser_.resume();
      more = true;
    } else if (receiving_ == Receiving::complete) {
      if (answering_ == Answering::finished) next_request();  // answered before its body had come
      else if (!handled_) handle_request();
    }
  }
  if (receiving_ == Receiving::head && !parser_.in_message()) set(Receiving::idle);  // only empty lines came
  parsing_ = false;
  if (answering_ == Answering::last || transport_ == nullptr) return;
  if (!octets.empty()) {
    ahead_.assign(reinterpret_cast<const char*>(octets.data()), octets.size());
    transport_->pause_reading();
  } else if (may_parse()) {
    transport_->resume_reading();  // a pause that was taken back within the call
  }
}

void HttpProtocol::parse_ahead() {
  if (parsing_ || !may_parse()) return;
  const std::string octets = std::exchange(ahead_, {});
  if (!octets.empty() || receiving_ == Receiving::body) parse(std::as_bytes(std::span(octets)));
  if (transport_ == nullptr || !may_parse() || !ahead_.empty()) return;
  transport_->resume_reading();
  if (peer_done_ && receiving_ == Receiving::idle) transport_->close();
}

void HttpProtocol::on_url(std::string_view target) {
  request_.clear();
  if (!request_.set_target(target)) parser_.stop({400, "malformed escape in the request target"});
}

void HttpProtocol::on_header(std::string_view name, std::string_view value) { request_.headers().add(name, value); }

void HttpProtocol::on_headers_complete(const http::MessageHead& head) {
  request_.set_method(head.method);
  request_.set_version(head.version_major, head.version_minor);
  request_.set_keep_alive(head.keep_alive);
  request_.set_content_length(head.content_length);
  request_.set_expects_continue(head.expects_continue);
  set(Receiving::body);
  set(Answering::waiting);
  ++exchanges_;
  first_ = false;
  handled_ = false;
  continued_ = false;
  writer_.begin(request_, !server_.draining_);  // SN-009
  match_ = server_.router_.find(request_);
  const bool streamed = match_.found == http::Router::Found::route && match_.route->body == http::Body::streamed;
  if (streamed || match_.found != http::Router::Found::route) {
    parser_.pause();  // handled before its body is read
  } else if (continue_owed()) {
    continued_ = true;
    transport_->write(http::ResponseWriter::continue_100);
  }
}

void HttpProtocol::on_body(std::span<const std::byte> octets) {
  since_ = server_.now_;
  body_piece(octets, false);
}

void HttpProtocol::on_message_complete() {
  set(Receiving::complete);
  if (handled_) body_piece({}, true);
}

void HttpProtocol::body_piece(std::span<const std::byte> octets, bool last) {
  if (!answering()) return;  // answered already: dropped
  if (handled_ && on_body_) {
    call(on_body_, octets, last);
  } else {
    request_.append_body({reinterpret_cast<const char*>(octets.data()), octets.size()});
  }
}

// Answering

bool HttpProtocol::continue_owed() const noexcept {
  return request_.expects_continue() && !continued_ && receiving_ == Receiving::body && ahead_.empty();
}

void HttpProtocol::handle_request() {
  handled_ = true;
  if (match_.found != http::Router::Found::route) {
    http::respond_not_found(match_, *this);
    return;
  }
  try {
    match_.route->handler(request_, *this);
  } catch (const std::exception& error) {
    handler_failed(error.what());
  } catch (...) {
    handler_failed("an exception that is no std::exception");
  }
}

/// SN-014: a whole answer if nothing was sent, else the end of the connection, since half an answer cannot be taken back.
void HttpProtocol::handler_failed(std::string_view what) {
  server_.log(request_.peer(), what);
  if (answering_ == Answering::waiting) {
    http::Exchange::respond(500, "text/plain; charset=utf-8", "internal server error\n");
  } else if (answering_ == Answering::started) {
    transport_->abort();
  }
}

/// SN-011
void HttpProtocol::bail_out(unsigned status, std::string_view reason) {
  server_.log(request_.peer(), reason);
  if (answering_ == Answering::started) {
    transport_->abort();
    return;
  }
  if (answering_ == Answering::finished) {  // the answer has gone already; only the rest of the body was bad
    linger();
    return;
  }
  ++exchanges_;
  if (answering_ == Answering::waiting && on_cancel_) call(on_cancel_);
  drop_callbacks();
  writer_.begin_error();
  server_.scratch_.clear();
  const std::array fields{http::Field{"Content-Type", "text/plain; charset=utf-8"}};
  std::string text(reason);
  text += '\n';
  writer_.respond({status, fields, text}, server_.scratch_);
  send();
  linger();
}

void HttpProtocol::send() {
  std::string& out = server_.scratch_;
  if (!out.empty() && transport_ != nullptr) transport_->write(out);
  out.clear();
  if (out.capacity() > (1U << 20U)) std::string().swap(out);
}

void HttpProtocol::respond(const http::ResponseView& response) {
  if (answering_ != Answering::waiting) return;
  if (continue_owed()) writer_.close_after();  // whether the body will come is not known
  server_.scratch_.clear();
  if (writer_.respond(response, server_.scratch_) != http::WriteResult::written) {
    server_.log(request_.peer(), "a response with a header that has CR, LF or NUL in it");
    writer_.respond({500, {}, "internal server error\n"}, server_.scratch_);
  }
  send();
  response_complete();
}

void HttpProtocol::start(unsigned status, std::span<const http::Field> fields, std::optional<std::uint64_t> length) {
  if (answering_ != Answering::waiting) return;
  server_.scratch_.clear();
  if (continue_owed()) {  // the handler goes on to take the body
    continued_ = true;
    server_.scratch_.append(http::ResponseWriter::continue_100);
  }
  if (writer_.head(status, fields, length, server_.scratch_) != http::WriteResult::written) {
    server_.log(request_.peer(), "a response with a header that has CR, LF or NUL in it");
    writer_.respond({500, {}, "internal server error\n"}, server_.scratch_);
    send();
    response_complete();
    return;
  }
  set(Answering::started);
  send();
}

void HttpProtocol::write(std::span<const std::byte> octets) {
  if (answering_ != Answering::started) return;
  server_.scratch_.clear();
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  if (writer_.body(text, server_.scratch_) == http::WriteResult::too_much)
    server_.log(request_.peer(), "a response with more octets than its Content-Length");
  since_ = server_.now_;
  send();
}

void HttpProtocol::finish() {
  if (answering_ != Answering::started) return;
  server_.scratch_.clear();
  const http::WriteResult result = writer_.finish(server_.scratch_);
  send();
  if (result == http::WriteResult::too_little) {
    server_.log(request_.peer(), "a response with fewer octets than its Content-Length");
    transport_->abort();  // the client must not take the next answer for the rest of this one
    return;
  }
  response_complete();
}

void HttpProtocol::response_complete() {
  set(Answering::finished);
  ++exchanges_;
  drop_callbacks();
  body_paused_ = false;
  parser_.resume();
  if (!writer_.keep_alive() || server_.draining_) {
    linger();
  } else if (receiving_ == Receiving::complete) {
    next_request();
  } else {
    parse_ahead();  // the rest of the body is read and dropped
  }
}

void HttpProtocol::next_request() {
  set(Receiving::idle);
  set(Answering::none);
  handled_ = false;
  if (!ahead_.empty() || peer_done_ || !transport_->is_reading()) parse_ahead();
}

/// Closes so that the client can read its answer: the sending side first, and the rest when the client has closed or the
/// time for it is over. A close at once would answer what the client still sends by a reset, which takes the answer away.
void HttpProtocol::linger() {
  if (answering_ == Answering::last) return;
  set(Answering::last);
  ahead_ = {};
  if (transport_ == nullptr || transport_->is_closing()) return;
  if (peer_done_ || !transport_->can_write_eof()) {
    transport_->close();
  } else {
    transport_->write_eof();
    transport_->resume_reading();
  }
}

// The handler's callbacks

void HttpProtocol::drop_callbacks() {
  on_writable_ = nullptr;
  on_body_ = nullptr;
  on_cancel_ = nullptr;
  for (TimerHandle& timer : timers_) timer.cancel();
  timers_.clear();
}

void HttpProtocol::on_body(BodyCallback callback) {
  if (!answering()) return;
  on_body_ = std::move(callback);
  if (continue_owed()) {
    continued_ = true;
    transport_->write(http::ResponseWriter::continue_100);
  }
  // What came before is told now, as one piece.
  const std::string before(request_.body());
  const bool whole = receiving_ == Receiving::complete;
  if (whole || !before.empty()) call(on_body_, std::as_bytes(std::span(before)), whole);
}

void HttpProtocol::pause_body() {
  if (receiving_ != Receiving::body || body_paused_) return;
  body_paused_ = true;
  parser_.pause();
  transport_->pause_reading();
}

void HttpProtocol::resume_body() {
  if (!body_paused_) return;
  body_paused_ = false;
  parser_.resume();
  since_ = server_.now_;
  parse_ahead();
}

void HttpProtocol::after(std::chrono::milliseconds delay, Callback callback) {
  if (!answering()) return;
  timers_.push_back(server_.loop_.call_later(delay, [this, fire = std::move(callback)] {
    try {
      fire();
    } catch (const std::exception& error) {
      handler_failed(error.what());
    }
  }));
}

// Draining and deadlines

void HttpProtocol::begin_drain() {
  if (!close_if_idle()) writer_.close_after();
}

void HttpProtocol::check_deadline(TimePoint now) {
  if (transport_ == nullptr || (transport_->is_closing() && answering_ != Answering::last)) return;
  const HttpLimits& limits = server_.options_.limits;
  const auto over = [&](std::chrono::milliseconds limit) { return now - since_ >= limit; };
  if (answering_ == Answering::last) {
    if (over(limits.linger_timeout)) transport_->abort();
  } else if (receiving_ == Receiving::idle) {
    if (over(first_ ? std::min(limits.request_timeout, limits.keep_alive_timeout) : limits.keep_alive_timeout))
      close_if_idle();
  } else if (receiving_ == Receiving::head) {
    if (over(limits.request_timeout)) bail_out(408, "the request's head took too long");
  } else if (receiving_ == Receiving::body) {
    if (!body_paused_ && over(limits.body_timeout)) bail_out(408, "the request's body took too long");
  } else if (answering_ == Answering::waiting && over(limits.response_timeout)) {
    bail_out(503, "no answer in time");
  }
}

}  // namespace antiphon::asio_style
