#include "antiphon/asio_style/http/http_server.hpp"

#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/http/http_protocol.hpp"
#include "http_connections.hpp"

namespace antiphon::asio_style {

HttpServer::HttpServer(EventLoop& loop, const http::Router& router, HttpServerOptions options)
    : loop_(loop),
      connections_(std::make_shared<detail::HttpConnections>(loop, router, std::move(options))) {}

HttpServer::~HttpServer() {
  if (listener_) listener_->close();
}

ProtocolFactory HttpServer::protocol_factory() const {
  return [connections = connections_] { return std::make_shared<HttpProtocol>(connections); };
}

Task<void> HttpServer::start(std::string host, std::uint16_t port) {
  co_await bind(std::move(host), port);
  co_await start_serving();
}

Task<void> HttpServer::bind(std::string host, std::uint16_t port) {
  if (listener_) throw RuntimeError("the server has an address already");
  const auto& options = connections_->options;
  // Not within the co_await: GCC 12 destroys an aggregate that stands there twice, and with it the
  // SSLContext.
  CreateServerOptions listening{.backlog = options.backlog,
                                .ssl = options.ssl,
                                .reuse_port = options.reuse_port,
                                .start_serving = false};
  if (options.ssl) {
    // A head's limit counts from the connect. At the end HttpProtocol has limits of its own, which unlike one
    // time for all see whether the client gets on with its answer.
    listening.ssl_handshake_timeout = options.limits.request_timeout;
    listening.ssl_shutdown_timeout = std::chrono::hours(24);
  }
  listener_ = co_await loop_.create_server(protocol_factory(), std::move(host), port, std::move(listening));
  port_ = listener_->sockets().front().getsockname().port;
}

Task<void> HttpServer::start_serving() {
  if (!listener_) throw RuntimeError("the server has no address yet");
  co_await listener_->start_serving();
}

Task<std::size_t> HttpServer::stop(std::chrono::milliseconds graceful_timeout) {
  connections_->begin_drain();
  if (listener_) listener_->close();
  // A request that the kernel has is one that we accepted. Its way in takes so many turns of the loop: a
  // connection is accepted, its protocol made, told, and fed.
  for (int turn = 0; turn < 4; ++turn) co_await loop_.sleep({});
  connections_->close_idle();

  struct Deadline {
    TimerHandle timer;
    ~Deadline() { timer.cancel(); }  // also if the task that stops us is cancelled
  } const deadline{
      loop_.call_later(graceful_timeout, [connections = connections_] { connections->abort_all(); })};
  co_await connections_->gone();
  co_return connections_->aborted();
}

void HttpServer::abort() {
  connections_->abort_all();
}

std::size_t HttpServer::connections() const noexcept {
  return connections_->size();
}

std::size_t HttpServer::buffered() const {
  return connections_->buffered();
}

const HttpStatistics& HttpServer::statistics() const noexcept {
  return connections_->statistics;
}

}  // namespace antiphon::asio_style
