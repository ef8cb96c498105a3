#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <antiphon/test_support/temporary_folder.hpp>
#include <antiphon/tls/testing/certificates.hpp>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "antiphon/cl_async_style.hpp"

namespace antiphon::cl_async_style::test {

/// One authority for the whole program, and files of what it issued.
struct certificates {
  tls::testing::CertificateAuthority authority;
  test_support::TemporaryFolder files;
  std::string ca = files.add("ca.pem", authority.certificate());
  tls::testing::Issued issued = authority.issue();
  std::string certificate = files.add("cert.pem", issued.certificate);
  std::string key = files.add("key.pem", issued.key);

  static const certificates& all() {
    static const certificates made;
    return made;
  }
  [[nodiscard]] static ssl_parameters of_server() {
    return {.certificate = all().certificate, .key = all().key};
  }
  [[nodiscard]] static ssl_parameters of_client() { return {.ca_file = all().ca}; }
};

/// A blocking TLS end on a connected socket. Its time limit is only against a hang.
class tls_peer {
 public:
  /// A client of the server at `port`; with `handshake` false it speaks plain TCP until told otherwise.
  explicit tls_peer(std::uint16_t port, bool handshake = true)
      : tls_peer(connected(port), client_context(), handshake) {}
  /// Either side of a connection.
  tls_peer(int fd, const tls::Context& context, bool handshake = true)
      : fd_(fd), engine_(context, context.role() == tls::Role::client ? "localhost" : "") {
    const timeval limit{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (handshake) shake_hands();
  }
  tls_peer(const tls_peer&) = delete;
  tls_peer& operator=(const tls_peer&) = delete;
  ~tls_peer() { close(); }

  static int connected(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0)
      throw std::runtime_error("the peer cannot connect");
    return fd;
  }

  static tls::Context client_context() {
    tls::Context context(tls::Role::client);
    context.add_verify_certificates(certificates::all().authority.certificate());
    return context;
  }
  static tls::Context server_context() {
    tls::Context context(tls::Role::server);
    const auto& issued = certificates::all().issued;
    context.use_certificate_chain(issued.certificate, issued.key);
    return context;
  }

  void shake_hands() {
    while (engine_.handshake() == tls::HandshakeStatus::need_more) {
      flush();
      if (!receive()) throw std::runtime_error("the handshake was not answered");
    }
    flush();
  }
  void send(std::string_view text) {
    engine_.write(std::as_bytes(std::span(text)));
    flush();
  }
  void send_raw(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  /// Exactly that many octets, or fewer at the end.
  std::string read(std::size_t size) {
    while (text_.size() < size && end_.empty()) read_more();
    return std::exchange(text_, text_.substr(std::min(size, text_.size()))).substr(0, size);
  }
  /// Everything to the end, which becomes "close_notify", "eof", "reset" or what TLS says.
  std::string read_all(std::string* end = nullptr) {
    while (end_.empty()) read_more();
    if (end != nullptr) *end = end_;
    return std::exchange(text_, {});
  }
  void say_close_notify() {
    engine_.close();
    flush();
  }
  void shutdown_write() const { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] tls::Engine& engine() noexcept { return engine_; }

 private:
  void flush() {
    const auto output = engine_.take_output();
    send_raw({reinterpret_cast<const char*>(output.data()), output.size()});
  }
  bool receive() {
    std::array<std::byte, 65536> piece{};
    const ssize_t count = ::recv(fd_, piece.data(), piece.size(), 0);
    if (count > 0) engine_.receive(std::span(piece).first(static_cast<std::size_t>(count)));
    if (count < 0) raw_end_ = "reset";
    return count > 0;
  }
  void read_more() {
    std::array<std::byte, 16384> room{};
    const auto [status, size] = engine_.read(room);
    switch (status) {
      case tls::ReadStatus::data:
        text_.append(reinterpret_cast<const char*>(room.data()), size);
        break;
      case tls::ReadStatus::need_more:
        if (!receive()) end_ = raw_end_;
        break;
      case tls::ReadStatus::closed:
        end_ = "close_notify";
        break;
      case tls::ReadStatus::failed:
        end_ = engine_.error()->reason;
        break;
    }
  }

  int fd_;
  tls::Engine engine_;
  std::string text_;
  std::string end_;
  std::string raw_end_ = "eof";
};

}  // namespace antiphon::cl_async_style::test
