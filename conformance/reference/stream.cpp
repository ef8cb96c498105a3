#include "stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <utility>

namespace antiphon::conformance::reference {

namespace {

Io of_errno(int error) {
  switch (error) {
    case EAGAIN:
    case EINTR:
      return Io::again;
    case ECONNRESET:
      return Io::reset;
    case EPIPE:
      return Io::broken_pipe;
    default:
      return Io::error;
  }
}

class TlsStream final : public Stream {
 public:
  TlsStream(int fd, SSL_CTX* context) : Stream(fd), ssl_(SSL_new(context), SSL_free) {
    SSL_set_fd(ssl_.get(), fd);
    SSL_set_accept_state(ssl_.get());
    SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  Io handshake() override {
    ERR_clear_error();
    return result(SSL_do_handshake(ssl_.get()));
  }
  IoResult read(char* into, std::size_t size) override {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), into, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
    if (count > 0) return {Io::done, static_cast<std::size_t>(count)};
    return {result(count)};
  }
  IoResult write(std::string_view octets) override {
    ERR_clear_error();
    const int count =
        SSL_write(ssl_.get(), octets.data(), static_cast<int>(std::min<std::size_t>(octets.size(), INT_MAX)));
    if (count > 0) return {Io::done, static_cast<std::size_t>(count)};
    return {result(count)};
  }
  bool holds_octets() const override { return SSL_has_pending(ssl_.get()) == 1; }
  bool secure() const override { return true; }
  void end_writing() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }

 private:
  Io result(int returned) const {
    const int system = errno;
    switch (SSL_get_error(ssl_.get(), returned)) {
      case SSL_ERROR_NONE:
        return Io::done;
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return Io::again;
      case SSL_ERROR_ZERO_RETURN:
        return Io::end;
      case SSL_ERROR_SYSCALL:
        return system == 0 ? Io::cut : of_errno(system);
      default:
        return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? Io::cut : Io::error;
    }
  }
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

}  // namespace

IoResult Stream::read(char* into, std::size_t size) {
  const ssize_t count = ::recv(fd_, into, size, 0);
  if (count > 0) return {Io::done, static_cast<std::size_t>(count)};
  return {count == 0 ? Io::end : of_errno(errno)};
}

IoResult Stream::write(std::string_view octets) {
  const ssize_t count = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
  if (count >= 0) return {Io::done, static_cast<std::size_t>(count)};
  return {of_errno(errno)};
}

void Stream::end_writing() {
  ::shutdown(fd_, SHUT_WR);
}

void Stream::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::unique_ptr<Stream> make_tls_stream(int fd, SSL_CTX* context) {
  return std::make_unique<TlsStream>(fd, context);
}

std::shared_ptr<SSL_CTX> make_server_context(const std::string& cert, const std::string& key) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (SSL_CTX_use_certificate_chain_file(context.get(), cert.c_str()) != 1)
    throw std::runtime_error("no usable certificate in " + cert);
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("no usable key in " + key);
  // Sending one to a peer that has reset would take the error, and the reset would read as an end.
  SSL_CTX_set_num_tickets(context.get(), 0);
  return context;
}

}  // namespace antiphon::conformance::reference
