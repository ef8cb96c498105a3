#include "peer_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace antiphon::conformance {

namespace {

[[noreturn]] void fail(const char* what) {
  throw HarnessError(std::string("the peer's ") + what + " failed: " + std::strerror(errno));
}

bool timed_out(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

PeerSocket::PeerSocket(const Endpoint& endpoint, std::chrono::milliseconds limit)
    : endpoint_(endpoint),
      fd_(::socket(endpoint.transport == "unix" ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) fail("socket");
  const timeval time{limit.count() / 1000, limit.count() % 1000 * 1000};
  set(SO_RCVTIMEO, time);
  set(SO_SNDTIMEO, time);
}

PeerSocket::~PeerSocket() {
  close();
}

bool PeerSocket::connect() {
  int done = -1;
  if (endpoint_.transport == "unix") {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, endpoint_.path.c_str(), sizeof(where.sun_path) - 1);
    done = ::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof(where));
  } else {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(endpoint_.port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    done = ::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof(where));
  }
  if (done != 0 && errno != ECONNREFUSED && errno != ENOENT) fail("connect");
  connected_ = done == 0;
  return connected_;
}

void PeerSocket::handshake(std::string& end) {
  static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());  // the kit trusts what it made itself
  ssl_ = std::shared_ptr<SSL>(SSL_new(context), SSL_free);
  SSL_set_fd(ssl_.get(), fd_);
  // Each record is told of: of a send that the server's end cuts short we know what went.
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
  ERR_clear_error();
  errno = 0;
  const int done = SSL_connect(ssl_.get());
  const int system = errno;
  if (done == 1) return;
  const int why = SSL_get_error(ssl_.get(), done);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
    throw HarnessError("the peer's TLS handshake hangs");
  end = system == ECONNRESET ? "reset" : "cut";
}

std::size_t PeerSocket::send(std::string_view octets) const {
  std::size_t sent = 0;
  while (sent < octets.size()) {
    const std::string_view rest = octets.substr(sent);
    ssize_t count = 0;
    if (ssl_) {
      ERR_clear_error();
      count =
          SSL_write(ssl_.get(), rest.data(), static_cast<int>(std::min<std::size_t>(rest.size(), INT_MAX)));
      if (count <= 0 && SSL_get_error(ssl_.get(), static_cast<int>(count)) == SSL_ERROR_WANT_WRITE)
        throw HarnessError("the peer's send hangs");
    } else {
      count = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (count < 0 && timed_out(errno)) throw HarnessError("the peer's send hangs");
    }
    if (count <= 0) break;
    sent += static_cast<std::size_t>(count);
  }
  return sent;
}

std::string_view PeerSocket::receive(std::span<char> into, std::string& end) {
  if (!ssl_) {
    const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
    if (count > 0) return {into.data(), static_cast<std::size_t>(count)};
    if (count < 0 && timed_out(errno)) return nothing_yet();
    end = count == 0 ? "eof" : "reset";
    return {};
  }
  ERR_clear_error();
  errno = 0;
  const int count = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  const int system = errno;
  if (count > 0) return {into.data(), static_cast<std::size_t>(count)};
  switch (SSL_get_error(ssl_.get(), count)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return nothing_yet();
    case SSL_ERROR_ZERO_RETURN:
      end = "close-notify";
      SSL_shutdown(ssl_.get());  // the answer that a closing server waits for
      break;
    default:
      end = system == ECONNRESET ? "reset" : "cut";
  }
  return {};
}

void PeerSocket::shutdown_write() {
  if (ssl_)
    SSL_shutdown(ssl_.get());
  else
    ::shutdown(fd_, SHUT_WR);
}

void PeerSocket::truncate() const {
  ::shutdown(fd_, SHUT_WR);
}

void PeerSocket::close() {
  if (fd_ < 0) return;
  // The server may answer our close_notify, and would be reset for it if we were gone already.
  if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
    const bool said = (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
    pollfd polled{fd_, POLLIN, 0};
    if ((said || SSL_shutdown(ssl_.get()) == 0) && ::poll(&polled, 1, 500) == 1) SSL_shutdown(ssl_.get());
  }
  ssl_.reset();
  ::close(std::exchange(fd_, -1));
}

void PeerSocket::reset() {
  set(SO_LINGER, linger{1, 0});
  ssl_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string_view PeerSocket::nothing_yet() const {
  if (waits_) throw HarnessError("the peer's read hangs");
  return {};
}

void PeerSocket::wait_for_input(bool wait) {
  waits_ = wait;
  ::fcntl(fd_, F_SETFL, wait ? 0 : O_NONBLOCK);
}

bool PeerSocket::has_unread() const {
  int waiting = 0;
  return fd_ >= 0 && ::ioctl(fd_, FIONREAD, &waiting) == 0 && waiting > 0;
}

void PeerSocket::set_option(int option, const void* value, std::size_t size) const {
  ::setsockopt(fd_, SOL_SOCKET, option, value, static_cast<socklen_t>(size));
}

}  // namespace antiphon::conformance
