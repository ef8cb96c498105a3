#include "antiphon/asio_style/http/http_server.hpp"

#include <algorithm>
#include <utility>

#include "antiphon/asio_style/http/http_protocol.hpp"
#include "antiphon/asio_style/server.hpp"
#include "antiphon/asio_style/transport.hpp"

namespace antiphon::asio_style {

void HttpLimits::check() const {
  for (const auto& [name, value] :
       {std::pair("request_timeout", request_timeout), {"body_timeout", body_timeout},
        {"keep_alive_timeout", keep_alive_timeout}, {"response_timeout", response_timeout},
        {"linger_timeout", linger_timeout}})
    if (value.count() <= 0) throw ValueError(std::string(name) + " must be above 0 ms");
  if (parser.head == 0 || parser.target == 0 || parser.fields == 0)
    throw ValueError("the limits of head, target and fields must be above 0");
}

HttpServer::HttpServer(EventLoop& loop, const http::Router& router, HttpServerOptions options)
    : loop_(loop), router_(router), options_(std::move(options)), now_(loop.time()) {
  options_.limits.check();
}

HttpServer::~HttpServer() { sweep_timer_.cancel(); }

Task<void> HttpServer::bind(std::string host, std::uint16_t port) {
  server_ = co_await loop_.create_server([this] { return std::make_shared<HttpProtocol>(*this); }, host, port,
                                         {.backlog = options_.backlog,
                                          .reuse_port = options_.reuse_port,
                                          .start_serving = false});
  port_ = server_->sockets().front().getsockname().port;
}

Task<void> HttpServer::start_serving() {
  co_await server_->start_serving();
  arm_sweep();
}

std::uint16_t HttpServer::port() const { return port_; }

std::size_t HttpServer::buffered() const {
  std::size_t octets = 0;
  for (const HttpProtocol* connection : connections_) octets += connection->transport_->get_write_buffer_size();
  return octets;
}

Task<std::size_t> HttpServer::stop(std::chrono::milliseconds graceful_timeout) {
  server_->close();
  draining_ = true;
  drained_.emplace(loop_);
  for (HttpProtocol* connection : connections_) connection->begin_drain();
  TimerHandle deadline = loop_.call_later(graceful_timeout, [this] { abort(); });
  if (!connections_.empty()) co_await *drained_;
  deadline.cancel();
  sweep_timer_.cancel();
  co_return aborted_;
}

void HttpServer::abort() {
  for (HttpProtocol* connection : connections_) {
    ++aborted_;
    connection->transport_->abort();
  }
}

void HttpServer::add(HttpProtocol& connection) {
  connection.place_ = connections_.size();
  connections_.push_back(&connection);
}

void HttpServer::remove(HttpProtocol& connection) {
  connections_[connection.place_] = connections_.back();
  connections_[connection.place_]->place_ = connection.place_;
  connections_.pop_back();
  if (drained_ && connections_.empty() && !drained_->done()) drained_->set_result();
}

void HttpServer::sweep() {
  now_ = loop_.time();
  // A connection that is closed leaves the list in a later iteration of the loop, never in this one.
  for (HttpProtocol* connection : connections_) connection->check_deadline(now_);
  arm_sweep();
}

/// One timer for all connections, fine enough for the shortest limit; none is touched by a request.
void HttpServer::arm_sweep() {
  const HttpLimits& limits = options_.limits;
  const auto shortest = std::min({limits.request_timeout, limits.body_timeout, limits.keep_alive_timeout,
                                  limits.response_timeout, limits.linger_timeout});
  const auto period = std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
  sweep_timer_ = loop_.call_later(period, [this] { sweep(); });
}

void HttpServer::log(std::string_view peer, std::string_view what) const {
  if (!options_.log) return;
  std::string line(peer);
  if (!line.empty()) line += ": ";
  line += what;
  options_.log(line);
}

}  // namespace antiphon::asio_style
