#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "antiphon/http/headers.hpp"

struct ssl_st;

namespace antiphon::http_conformance {

/// The server did not answer in time, or its answer is no HTTP: says what was awaited.
class BadAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where a server is: a name or an address, and a port.
struct Address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = false;  ///< whoever answers is trusted
};

struct Response {
  unsigned status = 0;  ///< 0: the connection ended before any octet of it
  unsigned minor = 1;   ///< HTTP/1.minor
  http::Headers fields;
  std::string body;
  std::string head;       ///< as it came
  bool to_close = false;  ///< its body ended with the connection
};

/// A blocking connection that reads responses by the letter of RFC 9112. TLS is OpenSSL's own, so that a
/// mistake of the server's engine cannot hide in both.
class HttpClient {
 public:
  /// Only against a hang.
  static constexpr int patience_seconds = 20;

  explicit HttpClient(const Address& to);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  /// What the server does not take any more is dropped: it may have closed. Where it takes nothing before its
  /// answer is read, that is read meanwhile.
  void send(std::string_view octets);
  void half_close();  ///< over TLS: close_notify
  /// The next response, whole. Throws BadAnswer.
  Response read(bool to_head);
  /// True if the connection ended; false if octets came. A reset is an end, too.
  bool ended();
  /// All that comes until the end.
  std::string read_to_end();
  [[nodiscard]] bool was_reset() const noexcept { return reset_; }
  /// Over TLS: the end came without close_notify.
  [[nodiscard]] bool was_cut() const noexcept { return cut_; }

 private:
  void shake_hands();
  /// One call of the system's, or OpenSSL's: octets, 0 at the end, or less.
  std::ptrdiff_t write_some(std::string_view octets);
  std::ptrdiff_t read_some(std::span<char> room);
  void wait_for_room();
  bool receive();
  bool take_in(std::ptrdiff_t count, std::string_view octets);
  [[nodiscard]] std::string_view pending() const { return std::string_view(received_).substr(used_); }
  std::string use(std::size_t count);
  std::string line();
  std::string take(std::size_t count);
  void chunks(std::string& body);

  int fd_ = -1;
  std::shared_ptr<ssl_st> ssl_;
  std::string received_;
  std::size_t used_ = 0;  // octets at its begin that were read already
  bool over_ = false;
  bool reset_ = false;
  bool cut_ = false;
};

}  // namespace antiphon::http_conformance
