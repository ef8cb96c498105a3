#include "peer_socket.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <cerrno>
#include <cstring>

#include "json.hpp"

namespace antiphon::asyncio_replay {

namespace {

/// A look at the kernel now and then, for a pause that ends while nothing happens on the socket.
constexpr int slice_ms = 5;
constexpr int slices_after_release = 400;

struct RawAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

RawAddress raw(const asio_style::SocketAddress& address) {
  RawAddress result;
  if (address.family == AF_UNIX) {
    auto& unix_address = reinterpret_cast<sockaddr_un&>(result.storage);  // NOLINT: the socket API's own way
    unix_address.sun_family = AF_UNIX;
    if (address.host.size() >= sizeof unix_address.sun_path)
      throw HarnessError("path too long: " + address.host);
    std::memcpy(unix_address.sun_path, address.host.data(), address.host.size());
    const bool abstract = address.host.starts_with('\0');
    result.size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.host.size() + (abstract ? 0 : 1));
  } else if (address.family == AF_INET6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(result.storage);  // NOLINT
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.host == "::" ? "::1" : address.host.c_str(), &v6.sin6_addr);
    result.size = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(result.storage);  // NOLINT
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    inet_pton(AF_INET, address.host == "0.0.0.0" ? "127.0.0.1" : address.host.c_str(), &v4.sin_addr);
    result.size = sizeof v4;
  }
  return result;
}

}  // namespace

void PeerSocket::open(const asio_style::SocketAddress& address) {
  if (fd_ >= 0) return;
  fd_ = ::socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) asio_style::throw_os_error(errno);
}

void PeerSocket::connect(const asio_style::SocketAddress& address, int receive_buffer) {
  open(address);
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const RawAddress to = raw(address);
  const auto* generic = reinterpret_cast<const sockaddr*>(&to.storage);  // NOLINT
  if (::connect(fd_, generic, to.size) < 0) {
    const int error = errno;
    close();
    asio_style::throw_os_error(error);
  }
}

bool PeerSocket::wait_ready(short events, Timekeeper::Ticket deadline) {
  const auto ready = [fd = fd_, events](int wait) {
    pollfd entry{fd, events, 0};
    return ::poll(&entry, 1, wait) > 0;
  };
  if (ready(0)) return true;
  const Timekeeper::Parked parked(time_, [ready] { return !ready(0); });
  int slices_left = slices_after_release;
  while (!ready(slice_ms)) {
    if (time_.released()) {  // the server is gone: what it left to read comes at once, or never
      if (--slices_left == 0) return false;
    } else if (deadline != 0 && time_.is_over(deadline)) {
      return ready(0);
    }
  }
  return true;
}

void PeerSocket::send(std::span<const char> data) {
  while (!data.empty()) {
    const ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      data = data.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_ready(POLLOUT, 0)) throw asio_style::TimeoutError(0, "timed out");
    } else if (errno != EINTR) {
      asio_style::throw_os_error(errno);
    }
  }
}

Received PeerSocket::receive(std::span<char> into, Timekeeper::Ticket deadline) {
  for (;;) {
    const ssize_t got = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) return {static_cast<std::size_t>(got), nullptr};
    if (got == 0) return {0, "eof"};
    if (errno == ECONNRESET) return {0, "reset"};
    if (errno == EAGAIN) {
      if (!wait_ready(POLLIN, deadline)) return {0, "timeout"};
    } else if (errno != EINTR) {
      asio_style::throw_os_error(errno);
    }
  }
}

void PeerSocket::shutdown_write() {
  if (::shutdown(fd_, SHUT_WR) < 0) asio_style::throw_os_error(errno);
}

void PeerSocket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void PeerSocket::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

}  // namespace antiphon::asyncio_replay
