#include "peer_connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "stage.hpp"

namespace antiphon::conformance::cl_async {

namespace {

std::string error_name(int number) {
  switch (number) {
    case ECONNREFUSED:
      return "ConnectionRefusedError";
    case ECONNRESET:
      return "ConnectionResetError";
    case ECONNABORTED:
      return "ConnectionAbortedError";
    case EPIPE:
      return "BrokenPipeError";
    case ENOENT:
      return "FileNotFoundError";
    case EACCES:
    case EPERM:
      return "PermissionError";
    case ETIMEDOUT:
    case EAGAIN:
      return "TimeoutError";
    default:
      return "OSError";
  }
}

/// Shared by all connections of the process: making one takes milliseconds.
SSL_CTX* client_context() {
  static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                         &SSL_CTX_free);
  return context.get();
}

}  // namespace

bool PeerConnection::ready(short what, std::chrono::milliseconds limit) const noexcept {
  pollfd asked{fd_, what, 0};
  return ::poll(&asked, 1, static_cast<int>(limit.count())) != 0;
}
bool PeerConnection::would_wait_to_receive() const noexcept {
  return fd_ >= 0 && !ready(POLLIN, std::chrono::milliseconds(0));
}
bool PeerConnection::would_wait_to_send() const noexcept {
  return fd_ >= 0 && !ready(POLLOUT, std::chrono::milliseconds(0));
}

std::string PeerConnection::connect_to(const sockaddr* where, socklen_t size) {
  close();
  fd_ = ::socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{std::chrono::duration_cast<std::chrono::seconds>(patience).count(), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  if (receive_buffer_ > 0)
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_, sizeof(receive_buffer_));
  if (::connect(fd_, where, size) == 0) return {};
  std::string error = error_name(errno);
  close();
  return error;
}

std::string PeerConnection::connect_tcp(const std::string& host, std::uint16_t port) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return connect_to(reinterpret_cast<const sockaddr*>(&v4), sizeof(v4));
  }
  if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1)
    throw HarnessError("the peer connects to addresses only, not to '" + host + "'");
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return connect_to(reinterpret_cast<const sockaddr*>(&v6), sizeof(v6));
}

std::string PeerConnection::connect_unix(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof(where.sun_path)) throw HarnessError("path too long for a socket: " + path);
  std::memcpy(where.sun_path, path.data(), path.size());
  return connect_to(reinterpret_cast<const sockaddr*>(&where), sizeof(where));
}

template <typename Call>
int PeerConnection::run_tls(Call call, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  const timeval brief{0, 50'000};  // so that a blocking call comes back to look at the limit
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief));
  while (true) {
    ERR_clear_error();
    errno = 0;
    const int result = call();
    if (result > 0) return SSL_ERROR_NONE;
    const int error = SSL_get_error(ssl_.get(), result);
    const bool again = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ||
                       (error == SSL_ERROR_SYSCALL && (errno == EAGAIN || errno == EINTR));
    if (!again) return error;
    if (std::chrono::steady_clock::now() >= until) return -1;
  }
}

namespace {

std::string tls_error_name(int error) {
  if (error == -1) return "TimeoutError";
  if (error == SSL_ERROR_ZERO_RETURN) return "SSLZeroReturnError";
  if (error == SSL_ERROR_SYSCALL && errno != 0) return error_name(errno);
  if (error == SSL_ERROR_SYSCALL || ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return "SSLEOFError";
  return "SSLError";
}

}  // namespace

std::string PeerConnection::start_tls(std::chrono::milliseconds limit) {
  // OpenSSL writes with write(2), which raises SIGPIPE on a connection that has gone.
  std::signal(SIGPIPE, SIG_IGN);
  ssl_.reset(SSL_new(client_context()));
  SSL_set_fd(ssl_.get(), fd_);
  std::string name = "localhost";  // OpenSSL's macro of the same casts as C does
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  const int error = run_tls([this] { return SSL_connect(ssl_.get()); }, limit);
  return error == SSL_ERROR_NONE ? std::string() : tls_error_name(error);
}

std::string PeerConnection::tls_version() const {
  return SSL_get_version(ssl_.get());
}

std::string PeerConnection::tls_unwrap(std::chrono::milliseconds limit) {
  // The first call says close_notify, the next ones await the other side's.
  const int error = run_tls(
      [this] {
        const int result = SSL_shutdown(ssl_.get());
        return result == 0 ? SSL_shutdown(ssl_.get()) : result;
      },
      limit);
  return error == SSL_ERROR_NONE ? std::string() : tls_error_name(error);
}

std::string PeerConnection::send(std::string_view octets) {
  while (!octets.empty()) {
    std::size_t count = 0;
    if (ssl_) {
      const int error =
          run_tls([&] { return SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &count); }, patience);
      if (error != SSL_ERROR_NONE) return tls_error_name(error);
    } else {
      const ssize_t sent = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent < 0) return error_name(errno);
      count = static_cast<std::size_t>(sent);
    }
    octets.remove_prefix(count);
  }
  return {};
}

PeerConnection::Received PeerConnection::receive(std::size_t at_most, std::chrono::milliseconds limit) {
  std::string octets(std::min<std::size_t>(at_most, 65536), '\0');
  if (ssl_) {
    std::size_t count = 0;
    const int error =
        run_tls([&] { return SSL_read_ex(ssl_.get(), octets.data(), octets.size(), &count); }, limit);
    if (error == SSL_ERROR_NONE) return {octets.substr(0, count), {}};
    if (error == -1) return {{}, "timeout"};
    if (error == SSL_ERROR_ZERO_RETURN) return {{}, "eof"};
    const std::string name = tls_error_name(error);
    return {{},
            name == "SSLEOFError"            ? "eof without close-notify"
            : name == "ConnectionResetError" ? "reset"
                                             : name};
  }
  if (!ready(POLLIN, limit)) return {{}, "timeout"};
  const ssize_t count = ::recv(fd_, octets.data(), octets.size(), 0);
  if (count == 0) return {{}, "eof"};
  if (count < 0) return {{}, errno == ECONNRESET ? "reset" : error_name(errno)};
  octets.resize(static_cast<std::size_t>(count));
  return {std::move(octets), {}};
}

std::string PeerConnection::shutdown_write() {
  ssl_.reset();  // as the recorder's, Python's: from here on the octets are read as they are
  return ::shutdown(fd_, SHUT_WR) == 0 ? std::string() : error_name(errno);
}

void PeerConnection::close() {
  ssl_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void PeerConnection::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close();
}

}  // namespace antiphon::conformance::cl_async
