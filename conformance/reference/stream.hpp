#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

using SSL_CTX = struct ssl_ctx_st;

namespace antiphon::conformance::reference {

enum class Io {
  done,
  again,
  end,
  cut,  ///< TLS: an end without close_notify
  reset,
  broken_pipe,
  error,
};

struct IoResult {
  Io io = Io::done;
  std::size_t count = 0;  ///< octets moved, if done
};

/// Octets over a non-blocking descriptor, which it owns.
class Stream {
 public:
  explicit Stream(int fd) noexcept : fd_(fd) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() { close(); }

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Before connection_made. `again`: call it when the descriptor is ready once more.
  virtual Io handshake() { return Io::done; }
  virtual IoResult read(char* into, std::size_t size);
  virtual IoResult write(std::string_view octets);
  /// Octets that were read from the kernel and wait here, of which poll() knows nothing.
  [[nodiscard]] virtual bool holds_octets() const { return false; }
  [[nodiscard]] virtual bool secure() const { return false; }
  /// Ends the sending side: a FIN, or TLS's close_notify.
  virtual void end_writing();
  virtual void close();

 private:
  int fd_;
};

/// A server's side of TLS by OpenSSL.
[[nodiscard]] std::unique_ptr<Stream> make_tls_stream(int fd, SSL_CTX* context);
/// From PEM files; throws std::runtime_error naming the file.
[[nodiscard]] std::shared_ptr<SSL_CTX> make_server_context(const std::string& cert, const std::string& key);

}  // namespace antiphon::conformance::reference
