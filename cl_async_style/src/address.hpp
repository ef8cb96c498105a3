#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace antiphon::cl_async_style {

/// An IPv4 or IPv6 address with a port.
class socket_address {
 public:
  /// None unless `text` is a literal.
  static std::optional<socket_address> parse(const std::string& text, std::uint16_t port);

  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] int family() const noexcept { return storage_.ss_family; }

 private:
  sockaddr_storage storage_{};
};

/// "127.0.0.1", "::1".
[[nodiscard]] std::string text_of(const sockaddr& address);
/// 0 for what has none.
[[nodiscard]] std::uint16_t port_of(const sockaddr& address) noexcept;
/// "127.0.0.1:80", "[::1]:80"
[[nodiscard]] std::string with_port(const std::string& host, std::uint16_t port);

}  // namespace antiphon::cl_async_style
