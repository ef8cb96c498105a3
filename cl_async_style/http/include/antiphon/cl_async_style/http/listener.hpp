#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "antiphon/cl_async_style/http/errors.hpp"
#include "antiphon/cl_async_style/ssl.hpp"
#include "antiphon/http/server_limits.hpp"
#include "antiphon/http/telemetry.hpp"

namespace antiphon::cl_async_style {

/// Wookie has none of these limits (WK-005, WK-150); without them one client can hold a server for ever. The
/// same as in the other style.
using http_limits = http::ServerLimits;

/// Describes an HTTP listener (WK-001).
struct listener {
  std::optional<std::string> bind{};  ///< none: all of IPv4
  std::uint16_t port = 80;
  int backlog = -1;  ///< 128
  /// Gets the events of its sockets, with the socket (unlike upstream, WK-106); and, so that none is lost
  /// silently, what was refused (parse_error) and the errors of handlers and hooks that were answered with
  /// 500 (unlike upstream, WK-105).
  listener_event_callback event_cb{};
  bool reuse_port = false;
  http_limits limits{};
  http::Telemetry telemetry{};  ///< metrics and access log; several listeners may share them
  /// What the limits are measured by; none: the steady clock. Read a few times a second, in the loop's
  /// thread. Must not throw or go back. A test's, moved by hand, makes a limit of an hour as quick as one of
  /// a moment.
  std::function<std::chrono::steady_clock::time_point()> clock{};
};

/// An HTTP listener over TLS: a listener, and what tcp_ssl_server takes besides. Upstream's adds certificate,
/// key and password, and cannot start (WK-006); this one is the same server on tcp_ssl_server.
///
///     start_server(ssl_listener({.port = 443}, {.certificate = "cert.pem", .key = "key.pem"}));
///
/// The limit of a head counts from the connect, so the handshake is within it. What TLS finds wrong is told
/// to event_cb as tcp_ssl_error. A client that says close_notify behind its request still gets its answer.
struct ssl_listener : listener {
  ssl_listener(listener plain, ssl_parameters with) : listener(std::move(plain)), ssl(std::move(with)) {}
  ssl_parameters ssl;
};

/// A listener in service.
class http_server {
 public:
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  virtual ~http_server() = default;

  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
  [[nodiscard]] virtual std::size_t connections() const noexcept = 0;
  /// Octets that wait to be sent, over all connections: the cost of slow readers.
  [[nodiscard]] virtual std::size_t buffered() const noexcept = 0;

 protected:
  http_server() = default;
};

/// Listens in the running loop (WK-002), with the routes of this thread. Throws as tcp_server does (WK-004),
/// and std::invalid_argument for a limit that is not above zero.
std::shared_ptr<http_server> start_server(const listener& what);
/// The same over TLS. Throws as tcp_ssl_server does, too: tcp_ssl_error names the file that cannot be used.
std::shared_ptr<http_server> start_server(const ssl_listener& what);

/// Ends it: stops listening, closes idle connections at once, lets the others finish their answer, and closes
/// those by force that are left after `deadline`. `done` is told how many those were.
void stop_server(http_server& server, std::chrono::milliseconds deadline,
                 std::function<void(std::size_t forced)> done);

}  // namespace antiphon::cl_async_style
