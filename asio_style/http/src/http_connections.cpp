#include "http_connections.hpp"

#include <algorithm>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/http/http_protocol.hpp"
#include "antiphon/asio_style/transport.hpp"
#include "turn.hpp"

namespace antiphon::asio_style {

void HttpLimits::check() const {
  const auto demand = [](bool above_zero, const char* name) {
    if (!above_zero) throw ValueError(std::string(name) + " must be above 0");
  };
  demand(request_timeout.count() > 0, "request_timeout");
  demand(body_timeout.count() > 0, "body_timeout");
  demand(keep_alive_timeout.count() > 0, "keep_alive_timeout");
  demand(response_timeout.count() > 0, "response_timeout");
  demand(linger_timeout.count() > 0, "linger_timeout");
  demand(parser.head > 0, "the limit of a head");
  demand(parser.target > 0, "the limit of a target");
  demand(parser.fields > 0, "the limit of fields");
  demand(parser.body > 0, "the limit of a body");
  demand(pipelined > 0, "the limit of pipelined octets");
  demand(connections > 0, "the limit of connections");
}

}  // namespace antiphon::asio_style

namespace antiphon::asio_style::detail {

namespace {

constexpr std::size_t spares_kept = 256;
constexpr std::size_t output_kept = 256 * 1024;  // a larger one had a large answer in it: not the usual case

std::chrono::milliseconds tick_period(const HttpLimits& limits) {
  const auto shortest = std::min({limits.request_timeout, limits.body_timeout, limits.keep_alive_timeout,
                                  limits.response_timeout, limits.linger_timeout});
  return std::max(shortest / 8, std::chrono::milliseconds(1));  // late by two ticks at most
}

}  // namespace

HttpConnections::HttpConnections(EventLoop& on, const http::Router& routes, HttpServerOptions with)
    : loop(on), router(routes), options(std::move(with)), period_(tick_period(options.limits)) {
  options.limits.check();
}

HttpConnections::~HttpConnections() {
  timer_.cancel();
}

void HttpConnections::join(HttpProtocol& connection) {
  ++statistics.connections;
  connection.place_ = static_cast<std::uint32_t>(connections_.size());
  connection.since_ = now_;
  connections_.push_back(&connection);
  if (!ticking_) arm();
}

void HttpConnections::leave(HttpProtocol& connection) {
  forget(connection);
  if (connections_.empty() && gone_ && !gone_->done()) gone_->set_result();
}

void HttpConnections::forget(HttpProtocol& connection) {
  connections_[connection.place_] = connections_.back();
  connections_[connection.place_]->place_ = connection.place_;
  connections_.pop_back();
}

std::size_t HttpConnections::buffered() const {
  std::size_t octets = 0;
  for (const HttpProtocol* connection : connections_)
    octets += connection->transport_->get_write_buffer_size();
  return octets;
}

// ---- time

void HttpConnections::arm() {
  ticking_ = true;
  timer_ = loop.call_later(period_, [this] {
    ticking_ = false;
    tick();
    if (!connections_.empty()) arm();
  });
}

void HttpConnections::tick() {
  ++now_;
  // Nobody leaves the set meanwhile: connection_lost comes in a later turn of the loop.
  for (HttpProtocol* connection : connections_) connection->check_deadline();
}

bool HttpConnections::over(std::uint32_t since, std::chrono::milliseconds limit) const noexcept {
  const auto ticks = (limit + period_ - std::chrono::milliseconds(1)) / period_;
  return now_ - since > ticks;  // not >=: the first of these ticks had begun already
}

// ---- memory

std::unique_ptr<Turn> HttpConnections::lend_turn() {
  if (turns_.empty()) return std::make_unique<Turn>(date);
  auto turn = std::move(turns_.back());
  turns_.pop_back();
  return turn;
}

void HttpConnections::give_back(std::unique_ptr<Turn> turn) {
  if (turns_.size() >= spares_kept) return;
  turn->clear();
  turns_.push_back(std::move(turn));
}

std::string HttpConnections::lend_output() {
  if (outputs_.empty()) return {};
  auto output = std::move(outputs_.back());
  outputs_.pop_back();
  return output;
}

void HttpConnections::give_back(std::string output) {
  if (outputs_.size() >= spares_kept || output.capacity() > output_kept) return;
  output.clear();
  outputs_.push_back(std::move(output));
}

// ---- the end

void HttpConnections::close_idle() {
  for (HttpProtocol* connection : connections_) connection->close_if_idle();
}

void HttpConnections::abort_all() {
  for (HttpProtocol* connection : connections_) {
    if (connection->abort()) ++aborted_;
  }
}

Future<void> HttpConnections::gone() {
  if (!gone_ || gone_->done()) gone_.emplace(loop);
  if (connections_.empty()) gone_->set_result();
  return *gone_;
}

void HttpConnections::log(std::string_view peer, std::string_view what) const {
  if (!options.log) return;
  std::string line(peer);
  line += ": ";
  line += what;
  // Much of it may come from the client, who must not write log lines of its own.
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  options.log(line);
}

}  // namespace antiphon::asio_style::detail
