#include "antiphon/asio_style/address.hpp"

#include <arpa/inet.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "antiphon/asio_style/errors.hpp"
#include "raw_address.hpp"

namespace antiphon::asio_style {

namespace {

using detail::SocketName;

int int_option(int fileno, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(fileno, level, name, &value, &length) != 0) throw_os_error(errno);
  return value;
}

template <class Sockaddr>
Sockaddr as(const SocketName& name) {
  Sockaddr copy{};
  std::memcpy(&copy, &name.storage, sizeof copy);
  return copy;
}

/// As inet_ntop has it, which goes through sprintf: a third of what a server does to take a connection.
std::string dotted(const in_addr& address) {
  std::array<std::uint8_t, 4> parts{};
  std::memcpy(parts.data(), &address, sizeof address);
  std::array<char, INET_ADDRSTRLEN> text{};
  char* end = text.data();
  for (const std::uint8_t part : parts) {
    if (end != text.data()) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), part).ptr;
  }
  return {text.data(), end};
}

}  // namespace

std::string SocketAddress::to_string() const {
  if (family == AF_UNIX) return host;
  std::array<char, 6> colon_port{':'};
  const char* const begin = colon_port.data();
  const char* const end =
      std::to_chars(colon_port.data() + 1, colon_port.data() + colon_port.size(), port).ptr;
  std::string text = family == AF_INET6 ? "[" + host + "]" : host;
  return text.append(begin, end);
}

int TransportSocket::family() const {
  return int_option(fileno_, SOL_SOCKET, SO_DOMAIN);
}
int TransportSocket::type() const {
  return int_option(fileno_, SOL_SOCKET, SO_TYPE);
}
int TransportSocket::proto() const {
  return int_option(fileno_, SOL_SOCKET, SO_PROTOCOL);
}
int TransportSocket::getsockopt(int level, int name) const {
  return int_option(fileno_, level, name);
}

void TransportSocket::setsockopt(int level, int name, int value) const {
  if (::setsockopt(fileno_, level, name, &value, sizeof value) != 0) throw_os_error(errno);
}

SocketAddress TransportSocket::getsockname() const {
  SocketName name;
  if (!detail::local_name(fileno_, name)) throw_os_error(errno);
  return detail::to_address(name);
}

SocketAddress TransportSocket::getpeername() const {
  SocketName name;
  if (!detail::peer_name(fileno_, name)) throw_os_error(errno);
  return detail::to_address(name);
}

namespace detail {

bool local_name(int fd, SocketName& name) noexcept {
  name.length = sizeof name.storage;
  return ::getsockname(fd, name.get(), &name.length) == 0;
}

bool peer_name(int fd, SocketName& name) noexcept {
  name.length = sizeof name.storage;
  return ::getpeername(fd, name.get(), &name.length) == 0;
}

SocketAddress to_address(const SocketName& name) {
  SocketAddress address;
  address.family = name.family();
  if (address.family == AF_INET) {
    const auto v4 = as<sockaddr_in>(name);
    address.host = dotted(v4.sin_addr);
    address.port = ntohs(v4.sin_port);
  } else if (address.family == AF_INET6) {
    const auto v6 = as<sockaddr_in6>(name);
    std::array<char, INET6_ADDRSTRLEN> text{};
    address.host = ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    address.port = ntohs(v6.sin6_port);
    address.scope_id = v6.sin6_scope_id;
  } else if (address.family == AF_UNIX) {
    const auto local = as<sockaddr_un>(name);
    const std::size_t length = name.length - offsetof(sockaddr_un, sun_path);
    // A leading NUL is the abstract namespace and belongs to the name; otherwise a NUL ends the path.
    const bool abstract = length > 1 && local.sun_path[0] == '\0';
    address.host.assign(local.sun_path, abstract ? length : ::strnlen(local.sun_path, length));
  }
  return address;
}

std::string python_address(const SocketAddress& address) {
  std::string text = "'" + address.host + "'";
  if (address.family == AF_INET) text = "(" + text + ", " + std::to_string(address.port) + ")";
  if (address.family == AF_INET6) {
    text =
        "(" + text + ", " + std::to_string(address.port) + ", 0, " + std::to_string(address.scope_id) + ")";
  }
  return text;
}

std::string python_socket(int fd) {
  const TransportSocket socket(fd);
  std::string text = "fd=" + std::to_string(fd) + ", family=" + std::to_string(socket.family()) +
                     ", type=" + std::to_string(socket.type()) + ", proto=" + std::to_string(socket.proto());
  const auto add = [&text](const char* side, const SocketName& name) {
    const auto address = to_address(name);
    if (!address.host.empty()) text += side + python_address(address);
  };
  SocketName name;
  if (local_name(fd, name)) add(", laddr=", name);
  if (peer_name(fd, name)) add(", raddr=", name);
  return text;
}

void throw_address_error(int error_number, const char* attempt, const SocketName& name) {
  std::string reason = std::generic_category().message(error_number);
  for (char& letter : reason) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  throw_os_error(error_number, "error while attempting to " + std::string(attempt) + " address " +
                                   python_address(to_address(name)) + ": " + reason);
}

KeptAddress::KeptAddress(const SocketName& name) {
  switch (name.family()) {
    case AF_INET:
      v4_ = as<sockaddr_in>(name);
      break;
    case AF_INET6:
      v6_ = as<sockaddr_in6>(name);
      break;
    case AF_UNIX: {
      any_.sa_family = AF_UNIX;
      auto path = to_address(name).host;
      if (!path.empty()) path_ = std::make_unique<std::string>(std::move(path));
      break;
    }
    default:
      break;
  }
}

SocketAddress KeptAddress::get() const {
  if (any_.sa_family == AF_UNIX) return {AF_UNIX, path_ ? *path_ : std::string(), 0, 0};
  SocketName name;
  if (any_.sa_family == AF_INET) std::memcpy(&name.storage, &v4_, sizeof v4_);
  if (any_.sa_family == AF_INET6) std::memcpy(&name.storage, &v6_, sizeof v6_);
  return to_address(name);
}

}  // namespace detail

}  // namespace antiphon::asio_style
