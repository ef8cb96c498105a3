#pragma once

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace antiphon::conformance::cl_async {

/// A blocking connection of the peer's: TCP, TLS or a UNIX socket. Errors are told by name, as the traces
/// have them (Python's: "ConnectionRefusedError", "BrokenPipeError", "TimeoutError", ...).
class PeerConnection {
 public:
  PeerConnection() = default;
  PeerConnection(const PeerConnection&) = delete;
  PeerConnection& operator=(const PeerConnection&) = delete;
  ~PeerConnection() { close(); }

  /// Of the next connect; -1: the system's.
  void set_receive_buffer(int octets) noexcept { receive_buffer_ = octets; }
  /// Each returns the error's name, or nothing.
  std::string connect_tcp(const std::string& host, std::uint16_t port);
  std::string connect_unix(const std::string& path);
  void adopt(int accepted) {
    close();
    fd_ = accepted;
  }
  /// The TLS handshake, without verification of the certificate.
  std::string start_tls(std::chrono::milliseconds limit);
  [[nodiscard]] std::string tls_version() const;
  /// Says and awaits close_notify.
  std::string tls_unwrap(std::chrono::milliseconds limit);

  std::string send(std::string_view octets);
  struct Received {
    std::string octets;
    std::string end;  ///< "", "eof", "eof without close-notify" (TLS), "reset", "timeout" or an error's name
  };
  /// What is there, at most so much; waits for the first octet.
  Received receive(std::size_t at_most, std::chrono::milliseconds limit);

  /// Empty, or the error by its Python name.
  [[nodiscard]] std::string shutdown_write();
  void close();
  /// Closes with a reset.
  void reset();

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  /// Whether a receive would wait, and a send: asked from another thread, while this one does so.
  [[nodiscard]] bool would_wait_to_receive() const noexcept;
  [[nodiscard]] bool would_wait_to_send() const noexcept;

 private:
  [[nodiscard]] bool ready(short what, std::chrono::milliseconds limit) const noexcept;
  /// Runs an SSL call until it is done; returns what SSL_get_error says at last, SSL_ERROR_NONE when done, or
  /// -1 for the time limit.
  template <typename Call>
  int run_tls(Call call, std::chrono::milliseconds limit);
  std::string connect_to(const sockaddr* where, socklen_t size);

  struct free_ssl {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };
  int fd_ = -1;
  int receive_buffer_ = -1;
  std::unique_ptr<SSL, free_ssl> ssl_;
};

}  // namespace antiphon::conformance::cl_async
