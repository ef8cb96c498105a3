#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "antiphon/asio_style/event_loop.hpp"
#include "antiphon/asio_style/http/http_options.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::asio_style {

namespace detail {
class HttpConnections;
struct HttpServerAccess;
}  // namespace detail

/// What `serve` is made of, for those who have a loop of their own: a listener whose protocol factory makes
/// HttpProtocols (SN-001), the set of their connections, and their draining.
///
/// Thread: the loop's. Lifetime: the loop and the router outlive it. Its connections may outlive it, but are
/// then without a way to be drained: await stop() first, or close the loop.
class HttpServer {
 public:
  /// ValueError for a limit that makes no sense (trap T6).
  HttpServer(EventLoop& loop, const http::Router& router, HttpServerOptions options = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// bind, then start_serving.
  Task<void> start(std::string host, std::uint16_t port);
  /// Binds; throws what create_server throws. An empty host means every interface, port 0 a free one. The
  /// kernel refuses connections until start_serving.
  Task<void> bind(std::string host, std::uint16_t port);
  Task<void> start_serving();

  /// Drains (SN-023): stops listening, closes idle connections at once, lets the others finish their answer
  /// with "Connection: close", aborts those that are left after `graceful_timeout` (SN-024). Returns how many
  /// were, by this or by abort(). Harmless if it never started.
  Task<std::size_t> stop(std::chrono::milliseconds graceful_timeout);
  /// Aborts all connections; a stop under way then ends with the next turn of the loop.
  void abort();

  /// For a listener of your own making: create_server, create_unix_server. Its connections count as ours.
  [[nodiscard]] ProtocolFactory protocol_factory() const;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }  ///< 0 before bind
  [[nodiscard]] std::size_t connections() const noexcept;
  /// Octets that wait to be sent, over all connections: the cost of slow readers (SN-013).
  [[nodiscard]] std::size_t buffered() const;
  [[nodiscard]] const HttpStatistics& statistics() const noexcept;

 private:
  friend struct detail::HttpServerAccess;  // the tests' way to let time pass

  EventLoop& loop_;
  std::shared_ptr<detail::HttpConnections> connections_;
  std::shared_ptr<Server> listener_;
  std::uint16_t port_ = 0;
};

}  // namespace antiphon::asio_style
