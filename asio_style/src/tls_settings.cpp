#include "tls_settings.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace antiphon::asio_style::detail {

namespace {

// asyncio's constants SSL_HANDSHAKE_TIMEOUT and SSL_SHUTDOWN_TIMEOUT (AS-254).
constexpr std::chrono::seconds default_handshake_timeout{60};
constexpr std::chrono::seconds default_shutdown_timeout{30};

void check_positive(const char* name, EventLoop::Duration limit) {
  if (limit > EventLoop::Duration::zero()) return;
  throw ValueError(std::string(name) + " should be a positive number, got " + seconds_text(limit));
}

}  // namespace

void check_time_limits(const TlsSettings& settings) {
  check_positive("ssl_handshake_timeout", settings.handshake_timeout);
  check_positive("ssl_shutdown_timeout", settings.shutdown_timeout);
}

std::string seconds_text(EventLoop::Duration duration) {
  std::array<char, 32> text{};
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto end = std::to_chars(text.data(), text.data() + text.size(), seconds).ptr;
  return {text.data(), end};
}

TlsSettings make_tls_settings(const SSLContext& context, bool server_side, std::string server_hostname,
                              std::optional<EventLoop::Duration> handshake_timeout,
                              std::optional<EventLoop::Duration> shutdown_timeout) {
  TlsSettings settings{context, std::move(server_hostname),
                       handshake_timeout.value_or(default_handshake_timeout),
                       shutdown_timeout.value_or(default_shutdown_timeout)};
  if (server_side != (context.protocol() == PROTOCOL_TLS_SERVER)) {
    throw SSLError(server_side ? "Cannot create a server socket with a PROTOCOL_TLS_CLIENT context"
                               : "Cannot create a client socket with a PROTOCOL_TLS_SERVER context");
  }
  if (server_side) settings.server_hostname.clear();
  return settings;
}

}  // namespace antiphon::asio_style::detail
