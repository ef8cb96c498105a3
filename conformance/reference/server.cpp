#include "server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace antiphon::conformance::reference {

namespace {

int make_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  return fd;
}

}  // namespace

Server::~Server() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint16_t Server::listen_tcp(int backlog) {
  fd_ = make_socket(AF_INET);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(where);
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&where), size) != 0)
    throw std::system_error(errno, std::generic_category(), "bind");
  listen(backlog);
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size);
  return ntohs(where.sin_port);
}

void Server::listen_unix(const std::string& path, int backlog) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof(where.sun_path))
    throw std::system_error(ENAMETOOLONG, std::generic_category(), path);
  std::memcpy(where.sun_path, path.data(), path.size());
  struct stat found {};
  const bool there = ::lstat(path.c_str(), &found) == 0;
  const bool stale = there && S_ISSOCK(found.st_mode) && !context_.faults.on(Fault::unix_stale_refused);
  if (stale || (there && context_.faults.on(Fault::unix_removes_file))) ::unlink(path.c_str());
  fd_ = make_socket(AF_UNIX);
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0)
    throw std::system_error(errno, std::generic_category(), "bind " + path);
  listen(backlog);
}

void Server::listen(int backlog) {
  backlog_ = backlog;
  if (::listen(fd_, backlog) != 0) throw std::system_error(errno, std::generic_category(), "listen");
  watch();
}

void Server::watch() {
  if (closed_) return;
  context_.loop.watch_readable(fd_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->accept_ready();
  });
}

void Server::accept_ready() {
  for (int i = 0; i < backlog_ && !closed_; ++i) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted(fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // AS-050: one report, and one second for the descriptors to come back.
      const std::string message = std::strerror(errno);
      for (int times = context_.faults.on(Fault::accept_error_floods) ? 100 : 1; times > 0; --times)
        context_.loop.on_error("accept", message);
      context_.loop.forget_readable(fd_);
      context_.loop.call_later(std::chrono::seconds(1), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->watch();
      });
      return;
    } else {
      return;  // EAGAIN, EINTR, ECONNABORTED: the next event tries again (AS-047)
    }
  }
}

void Server::accepted(int fd) {
  ++accepts_;
  if (context_.faults.on(Fault::loses_a_connection) && accepts_ % 7 == 0) {
    ::close(fd);
    return;
  }
  auto transport = std::make_shared<Transport>(
      context_, tls_ ? make_tls_stream(fd, tls_.get()) : std::make_unique<Stream>(fd));
  transport->on_lost = [weak = weak_from_this()](Cause cause) {
    const auto self = weak.lock();
    if (self && cause == Cause::reset && self->context_.faults.on(Fault::reset_stops_listener)) self->close();
  };
  context_.all.push_back(transport);
  Protocol& protocol = factory_(transport);
  if (context_.faults.on(Fault::made_out_of_order) && !held_back_) {
    held_back_ = [transport, &protocol] { transport->start(protocol); };
    return;
  }
  transport->start(protocol);
  if (held_back_) std::exchange(held_back_, nullptr)();
}

void Server::close() {
  if (closed_) {
    if (context_.faults.on(Fault::second_stop_throws))
      throw std::runtime_error("the listener is closed already");
    return;
  }
  if (context_.faults.on(Fault::stop_keeps_listening)) return;
  closed_ = true;
  context_.loop.forget_readable(fd_);
  ::close(std::exchange(fd_, -1));
  if (context_.faults.on(Fault::stop_closes_connections))
    for (const auto& transport : context_.all) transport->abort();
}

}  // namespace antiphon::conformance::reference
