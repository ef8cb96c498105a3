// The receiving half of HttpProtocol: from octets to a handler's call.

#include "antiphon/asio_style/http/http_protocol.hpp"

#include <algorithm>
#include <utility>

#include "antiphon/asio_style/address.hpp"
#include "antiphon/asio_style/transport.hpp"
#include "http_connections.hpp"
#include "inside.hpp"
#include "turn.hpp"

namespace antiphon::asio_style {

using detail::Turn;
using http::ParseStatus;

HttpProtocol::HttpProtocol(std::shared_ptr<detail::HttpConnections> server) : server_(std::move(server)) {}

HttpProtocol::~HttpProtocol() {
  if (transport_ == nullptr || phase_ == Phase::lost) return;
  end_turn();  // the loop was closed, and nobody told us
  if (keeps_turn_) server_->return_grant();
  server_->forget(*this);
}

// ---- what the transport tells

void HttpProtocol::connection_made(std::shared_ptr<Transport> transport) {
  transport_ = std::move(transport);
  server_->join(*this);
  if (server_->size() <= server_->options.limits.connections) return;
  inside([this] { bail_out(503, "too many connections"); });
}

void HttpProtocol::data_received(std::span<const std::byte> data) {
  if (phase_ != Phase::serving) return drop(data.size());
  server_->statistics.octets_received += data.size();
  if (const auto& metrics = server_->options.telemetry.metrics) metrics->received(data.size());
  inside([&] {
    if (!turn_) begin_turn();
    if (ahead() == 0) advance(data);
    if (phase_ == Phase::serving && !data.empty()) keep(data);
  });
}

bool HttpProtocol::eof_received() {
  if (phase_ != Phase::serving) return false;
  peer_done_ = true;
  inside([] {});
  // A client that has no more to say still wants its answer. TLS has no half-closed connections.
  return phase_ == Phase::serving && transport_->can_write_eof();
}

void HttpProtocol::resume_writing() {
  writable_ = true;
  inside([this] {
    if (!exchange_lives() || !turn_->on_writable) return;
    if (const auto failure = turn_->on_writable.call()) handler_failed(failure);
  });
}

void HttpProtocol::connection_lost(std::exception_ptr /*exc*/) {
  cancel_exchange();  // SN-015
  phase_ = Phase::lost;
  end_turn();
  if (keeps_turn_) server_->return_grant();
  server_->leave(*this);
}

bool HttpProtocol::close_if_idle() {
  if (phase_ != Phase::serving || !at_rest()) return false;
  phase_ = Phase::lingering;
  end_turn();
  touch();
  transport_->close();
  return true;
}

// ---- going on

/// All that there is to do once a callback is over: it is done here and not in the Exchange's methods, so
/// that a handler that answers at once does not find the next request's handler on top of its own.
void HttpProtocol::settle() {
  if (phase_ == Phase::serving && !at_rest()) advance_ahead();
  if (peer_done_ && phase_ == Phase::serving) answer_peer_done();
  if (server_->draining() && phase_ == Phase::serving && at_rest() && had_request_) linger();
  flush();
  if (turn_ && (phase_ != Phase::serving || (at_rest() && !keep_turn()))) end_turn();
  if (reading_paused_ || !at_rest()) update_reading();
}

/// No request is being received or answered.
bool HttpProtocol::at_rest() const noexcept {
  return reading_ == Reading::idle && ahead() == 0;
}

/// Though no request needs it.
bool HttpProtocol::keep_turn() noexcept {
  if (turn_->mid_line) return true;
  if (!turn_->light()) return false;
  if (!keeps_turn_) keeps_turn_ = server_->grant_turn();
  return keeps_turn_;
}

/// Parses, tells and answers until octets, room or an answer are missing; takes off `octets` what it used.
void HttpProtocol::advance(std::span<const std::byte>& octets) {
  while (phase_ == Phase::serving) {
    if (last_piece_due()) {
      turn_->last_told = true;
      const bool whole = turn_->plan.taking() == Turn::Taking::whole;
      tell_piece(whole ? std::as_bytes(std::span(turn_->request.body())) : std::span<const std::byte>(),
                 true);
      continue;
    }
    if (writing_ == Writing::finished && (reading_ == Reading::complete || !turn_->writer.keep_alive())) {
      conclude();
      continue;
    }
    if (!may_parse(octets.size())) return;
    const http::ParseResult result = turn_->parser->feed(octets);
    octets = octets.subspan(result.consumed);
    turn_->parser_holds = false;
    switch (result.status) {
      case ParseStatus::need_more:
        if (reading_ == Reading::body && turn_->plan.taking() == Turn::Taking::whole) invite_body();
        if (reading_ != Reading::idle) break;
        if (turn_->parser->in_message()) {
          reading_ = Reading::head;
          touch();
        } else {
          turn_->mid_line = true;
        }
        break;
      case ParseStatus::paused:
        if (!octets.empty()) turn_->plan.at_hand();
        parser_paused();
        break;
      case ParseStatus::message_complete:
        if (writing_ == Writing::idle) dispatch();
        break;
      case ParseStatus::malformed:
        bail_out(result.error.status, result.error.reason);
        break;
    }
  }
}

/// The same with what came too early.
void HttpProtocol::advance_ahead() {
  if (turn_->ahead.empty()) {  // nearly always
    const std::byte none{};
    std::span octets(&none, 0);  // of no octets, but somewhere: the parser may still have something to tell
    return advance(octets);
  }
  // Taken out meanwhile: the handlers that run must not move the octets under the parser.
  std::string kept = std::exchange(turn_->ahead, {});
  auto octets = std::as_bytes(std::span(kept)).subspan(turn_->ahead_used);
  advance(octets);
  if (phase_ != Phase::serving) return;
  turn_->ahead_used = octets.empty() ? 0 : kept.size() - octets.size();
  if (octets.empty()) kept.clear();
  turn_->ahead = std::move(kept);
}

bool HttpProtocol::may_parse(std::size_t octets) const noexcept {
  switch (reading_) {
    case Reading::idle:
      return octets > 0 && writable_;  // who does not read answers gets no further ones
    case Reading::head:
      return octets > 0;
    case Reading::body:
      return (octets > 0 || turn_->parser_holds) && !handler_must_go_on();
    case Reading::complete:
      return false;
  }
  return false;
}

/// The body waits for its taker.
bool HttpProtocol::handler_must_go_on() const noexcept {
  return exchange_lives() && turn_->plan.taking() == Turn::Taking::pieces &&
         (body_paused_ || !turn_->on_body);
}

bool HttpProtocol::last_piece_due() const noexcept {
  return reading_ == Reading::complete && exchange_lives() && turn_->on_body && !turn_->last_told &&
         !body_paused_;
}

/// The parser has stopped because one of its callbacks said so; now that it has returned, its news are told.
void HttpProtocol::parser_paused() {
  turn_->parser->resume();
  turn_->parser_holds = true;
  if (const auto piece = std::exchange(turn_->piece, {}); !piece.empty()) {
    if (exchange_lives()) tell_piece(piece, false);
  } else if (writing_ == Writing::idle) {
    dispatch();
  } else {
    linger();  // the answer is given, and there is too much of a body that nobody wants
  }
}

void HttpProtocol::tell_piece(std::span<const std::byte> piece, bool last) {
  if (const auto failure = turn_->on_body.call(piece, last)) handler_failed(failure);
}

void HttpProtocol::dispatch() {
  writing_ = Writing::waiting;
  touch();
  const auto failure = detail::attempt([this] {
    if (turn_->match.found == http::Router::Found::route) {
      turn_->match.route->handler(turn_->request, *this);
    } else {
      http::respond_not_found(turn_->match, *this);
    }
  });
  if (failure) handler_failed(failure);
}

/// An answer is over: on to the next request, or to the end.
void HttpProtocol::conclude() {
  if (!turn_->writer.keep_alive()) return linger();
  reading_ = Reading::idle;
  writing_ = Writing::idle;
  body_paused_ = false;
  turn_->next();
  touch();
}

/// Called from outside of our callbacks: what remains to be done is done in the next turn of the loop.
void HttpProtocol::wake() {
  if (inside_ || turn_->wake) return;
  turn_->wake = server_->loop.call_soon([this] {
    turn_->wake = {};
    inside([] {});
  });
}

// ---- what the parser tells: here things are only noted

void HttpProtocol::on_url(std::string_view target) {
  turn_->request.clear();
  if (!turn_->request.set_target(target))
    turn_->parser->stop({400, "malformed escape in the request target"});
}

void HttpProtocol::on_header(std::string_view name, std::string_view value) {
  turn_->request.headers().add(name, value);
}

void HttpProtocol::on_headers_complete(const http::MessageHead& head) {
  Turn& turn = *turn_;
  detail::HttpConnections& server = *server_;
  http::Request& request = turn.request;
  request.set_method(head.method);
  request.set_version(head.version_major, head.version_minor);
  request.set_keep_alive(head.keep_alive);
  request.set_content_length(head.content_length);
  request.set_expects_continue(head.expects_continue);
  turn.match = server.router.find(request);
  turn.writer.begin(request, !server.draining());  // SN-009
  reading_ = Reading::body;
  had_request_ = true;
  ++server.statistics.requests;
  if (server.options.telemetry) turn.began = std::chrono::steady_clock::now();
  touch();

  const bool found = turn.match.found == http::Router::Found::route;
  const bool streamed = found && turn.match.route->body == http::Body::streamed;
  turn.plan.begin(request,
                  streamed ? Turn::Taking::pieces
                  : found  ? Turn::Taking::whole
                           : Turn::Taking::nothing,
                  server.options.limits.unwanted_body);
  if (streamed || turn.plan.answer_at_once()) turn.parser->pause();
}

void HttpProtocol::on_body(std::span<const std::byte> octets) {
  if (octets.empty()) return;  // we fed nothing, to hear whether the parser had more to tell
  touch();
  if (!turn_->plan.received(octets.size())) {
    turn_->parser->pause();
  } else if (turn_->plan.taking() == Turn::Taking::whole) {
    turn_->request.append_body({reinterpret_cast<const char*>(octets.data()), octets.size()});
  } else if (turn_->plan.taking() == Turn::Taking::pieces) {
    turn_->piece = octets;
    turn_->parser->pause();
  }
}

void HttpProtocol::on_message_complete() {
  reading_ = Reading::complete;
  touch();
}

// ---- octets in

void HttpProtocol::begin_turn() {
  turn_ = server_->lend_turn();
  http::RequestParserListener& listener = *this;
  if (turn_->parser) {
    turn_->parser->reset(listener);
  } else {
    turn_->parser.emplace(listener, server_->options.limits.parser);
  }
  turn_->request.set_peer(peer());
}

void HttpProtocol::end_turn() {
  if (!turn_) return;
  end_exchange();
  turn_->wake.cancel();
  turn_->wake = {};
  server_->give_back(std::move(turn_));
}

void HttpProtocol::keep(std::span<const std::byte> octets) {
  if (turn_->ahead_used > turn_->ahead.size() / 2) {
    turn_->ahead.erase(0, turn_->ahead_used);
    turn_->ahead_used = 0;
  }
  turn_->ahead.append(reinterpret_cast<const char*>(octets.data()), octets.size());
  server_->statistics.most_ahead = std::max(server_->statistics.most_ahead, ahead());
}

/// Behind the last answer: read, so that the client is not reset while it reads, but only so much.
void HttpProtocol::drop(std::size_t octets) {
  dropped_ += octets;
  if (dropped_ > server_->options.limits.linger_octets) transport_->close();
}

void HttpProtocol::update_reading() {
  const bool pause = phase_ == Phase::serving && turn_ &&
                     (ahead() > server_->options.limits.pipelined || (exchange_lives() && body_paused_));
  if (pause == reading_paused_) return;
  reading_paused_ = pause;
  if (pause) {
    transport_->pause_reading();
  } else {
    transport_->resume_reading();
  }
}

/// The client has sent its end of file, and all that came before is parsed as far as can be.
void HttpProtocol::answer_peer_done() {
  if (ahead() > 0) return;
  if (reading_ == Reading::idle) {
    linger();
  } else if (reading_ == Reading::head || body_is_coming()) {
    const http::ParseResult result = turn_->parser->finish();
    if (result.status == ParseStatus::malformed) bail_out(result.error.status, result.error.reason);
  }
}

/// The next octet of the body is the client's to send.
bool HttpProtocol::body_is_coming() const noexcept {
  return reading_ == Reading::body && !handler_must_go_on() && !turn_->parser_holds;
}

}  // namespace antiphon::asio_style
