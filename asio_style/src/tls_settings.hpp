#pragma once

#include <optional>
#include <string>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/event_loop.hpp"
#include "antiphon/asio_style/ssl.hpp"

namespace antiphon::asio_style::detail {

/// How the connections of one server, or one connection, are to be wrapped.
struct TlsSettings {
  SSLContext context;
  std::string server_hostname;  ///< empty on a server's side
  EventLoop::Duration handshake_timeout;
  EventLoop::Duration shutdown_timeout;
};

/// AS-003, AS-004: time limits of TLS without TLS.
template <class Options>
void check_timeouts_mean_something(const Options& options) {
  if (options.ssl) return;
  if (options.ssl_handshake_timeout) {
    throw ValueError("ssl_handshake_timeout is only meaningful with ssl");
  }
  if (options.ssl_shutdown_timeout) {
    throw ValueError("ssl_shutdown_timeout is only meaningful with ssl");
  }
}

/// Checks that the context is made for this side, else SSLError; fills in the default time limits (AS-254).
[[nodiscard]] TlsSettings make_tls_settings(const SSLContext& context, bool server_side,
                                            std::string server_hostname,
                                            std::optional<EventLoop::Duration> handshake_timeout,
                                            std::optional<EventLoop::Duration> shutdown_timeout);

/// The same for the options of an operation; none without `ssl`.
template <class Options>
[[nodiscard]] std::optional<TlsSettings> tls_settings(const Options& options, bool server_side,
                                                      std::string server_hostname = {}) {
  if (!options.ssl) return std::nullopt;
  return make_tls_settings(*options.ssl, server_side, std::move(server_hostname),
                           options.ssl_handshake_timeout, options.ssl_shutdown_timeout);
}

/// ValueError for a time limit that is not positive. A server finds out when a connection is made (AS-226).
void check_time_limits(const TlsSettings& settings);

/// As Python prints a number of seconds: "0.1", "60".
[[nodiscard]] std::string seconds_text(EventLoop::Duration duration);

}  // namespace antiphon::asio_style::detail
