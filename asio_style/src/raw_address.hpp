#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <memory>
#include <string>

#include "antiphon/asio_style/address.hpp"

namespace antiphon::asio_style::detail {

/// As the kernel gives it; large enough for every family.
struct SocketName {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
};

[[nodiscard]] SocketAddress to_address(const SocketName& name);

/// False, and `name` untouched in meaning, if the kernel does not know.
[[nodiscard]] bool local_name(int fd, SocketName& name) noexcept;
[[nodiscard]] bool peer_name(int fd, SocketName& name) noexcept;

/// As Python prints it: "('127.0.0.1', 80)", "('::1', 80, 0, 0)", "'/tmp/socket'".
[[nodiscard]] std::string python_address(const SocketAddress& address);

/// "fd=7, family=2, type=1, proto=6, laddr=('127.0.0.1', 80)", as Python prints sockets; with `raddr` too
/// where there is a peer.
[[nodiscard]] std::string python_socket(int fd);

/// "error while attempting to bind on address ('127.0.0.1', 80):
/// address already in use", as asyncio has it (AS-029).
[[noreturn]] void throw_address_error(int error_number, const char* attempt, const SocketName& name);

/// An address kept for the life of a connection: 40 bytes, since there may be very many.
class KeptAddress {
 public:
  KeptAddress() = default;
  explicit KeptAddress(const SocketName& name);
  [[nodiscard]] bool known() const noexcept { return any_.sa_family != AF_UNSPEC; }
  [[nodiscard]] SocketAddress get() const;

 private:
  union {
    sockaddr any_{};
    sockaddr_in v4_;
    sockaddr_in6 v6_;
  };
  std::unique_ptr<std::string> path_;  // of a UNIX socket that has one
};

}  // namespace antiphon::asio_style::detail
