#include "http_connections.hpp"

#include <algorithm>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/http/http_protocol.hpp"
#include "antiphon/asio_style/transport.hpp"
#include "turn.hpp"

namespace antiphon::asio_style::detail {

namespace {

std::chrono::milliseconds tick_period(const HttpLimits& limits) {
  const auto shortest = std::min({limits.request_timeout, limits.body_timeout, limits.keep_alive_timeout,
                                  limits.response_timeout, limits.linger_timeout});
  return std::max(shortest / 8, std::chrono::milliseconds(1));  // late by two ticks at most
}

}  // namespace

HttpConnections::HttpConnections(EventLoop& on, const http::Router& routes, HttpServerOptions with)
    : loop(on), router(routes), options(std::move(with)), period_(tick_period(options.limits)) {
  try {
    options.limits.check();
  } catch (const std::invalid_argument& error) {
    throw ValueError(error.what());
  }
}

HttpConnections::~HttpConnections() {
  timer_.cancel();
  observe();
}

void HttpConnections::join(HttpProtocol& connection) {
  ++statistics.connections;
  if (const auto& metrics = options.telemetry.metrics) metrics->opened();
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
  if (const auto& metrics = options.telemetry.metrics) metrics->closed();
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
  observe();
}

/// What is looked at from time to time instead of at each request.
void HttpConnections::observe() {
  if (const auto& metrics = options.telemetry.metrics) {
    const auto waiting = static_cast<std::int64_t>(buffered());
    metrics->buffered(waiting - buffered_told_);
    buffered_told_ = waiting;
  }
  if (const auto& log = options.telemetry.access_log) log->flush();
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
  if (turn->out) give_back(std::move(turn->out));
  if (turns_.size() >= spares_kept) return;
  turn->clear();
  turns_.push_back(std::move(turn));
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
