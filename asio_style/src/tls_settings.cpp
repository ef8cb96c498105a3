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

EventLoop::Duration positive(const char* name, std::optional<EventLoop::Duration> given,
                             EventLoop::Duration otherwise) {
  if (!given) return otherwise;
  if (*given > EventLoop::Duration::zero()) return *given;
  throw ValueError(std::string(name) + " should be a positive number, got " +
                   seconds_text(*given));  // AS-226
}

}  // namespace

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
                       positive("ssl_handshake_timeout", handshake_timeout, default_handshake_timeout),
                       positive("ssl_shutdown_timeout", shutdown_timeout, default_shutdown_timeout)};
  if (server_side != (context.protocol() == PROTOCOL_TLS_SERVER)) {
    throw SSLError(server_side ? "Cannot create a server socket with a PROTOCOL_TLS_CLIENT context"
                               : "Cannot create a client socket with a PROTOCOL_TLS_SERVER context");
  }
  if (server_side) settings.server_hostname.clear();
  return settings;
}

}  // namespace antiphon::asio_style::detail
