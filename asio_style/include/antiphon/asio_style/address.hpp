#pragma once

#include <cstdint>
#include <string>

namespace antiphon::asio_style {

/// Where a socket is: what asyncio gives as "peername" and "sockname". A value.
struct SocketAddress {
  int family = 0;          ///< AF_INET, AF_INET6, AF_UNIX; 0: not known
  std::string host;        ///< numeric; the path of a UNIX socket, empty if it has none (AS-045)
  std::uint16_t port = 0;  ///< in host order; 0 for UNIX
  std::uint32_t scope_id = 0;

  /// "127.0.0.1:80", "[::1]:80", the path; for logs.
  [[nodiscard]] std::string to_string() const;
  bool operator==(const SocketAddress&) const = default;
};

/// A restricted view of a socket: enough to ask and to tune, nothing that would disturb its owner (AS-222).
/// It does not own the descriptor: once the owner closed it, calls throw OSError EBADF.
class TransportSocket {
 public:
  TransportSocket() = default;
  explicit TransportSocket(int fileno) : fileno_(fileno) {}

  [[nodiscard]] int fileno() const noexcept { return fileno_; }
  [[nodiscard]] int family() const;
  [[nodiscard]] int type() const;
  [[nodiscard]] int proto() const;
  [[nodiscard]] int getsockopt(int level, int name) const;
  void setsockopt(int level, int name, int value) const;
  [[nodiscard]] SocketAddress getsockname() const;
  [[nodiscard]] SocketAddress getpeername() const;

 private:
  int fileno_ = -1;
};

}  // namespace antiphon::asio_style
