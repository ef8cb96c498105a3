#pragma once

#include <gtest/gtest.h>

#include <antiphon/tls/context.hpp>
#include <antiphon/tls/testing/certificates.hpp>
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "support.hpp"

struct ssl_st;

/// What the TLS tests share: a peer made of OpenSSL's blocking calls, and a bench whose server speaks TLS.
namespace antiphon::asio_style::test {

/// The authority of all test certificates of this program.
[[nodiscard]] const tls::testing::CertificateAuthority& authority();
/// A server's context with a certificate for localhost and 127.0.0.1; without session tickets.
[[nodiscard]] SSLContext server_context(const tls::testing::CertificateOptions& options = {});
/// A client's context that trusts the authority.
[[nodiscard]] SSLContext client_context();

/// The other side of a TLS connection: plain OpenSSL on a blocking socket. Calls throw if they fail.
class TlsPeer {
 public:
  enum class End { close_notify, eof, reset };
  struct Rest {
    std::string bytes;
    End end = End::eof;
  };

  TlsPeer(Peer tcp, const SSLContext& context, std::string_view name = "localhost");
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;
  ~TlsPeer();

  void handshake();
  /// The text of what went wrong; empty if nothing did.
  [[nodiscard]] std::string failed_handshake();
  void send(std::string_view text);
  [[nodiscard]] std::string read(std::size_t count);
  /// Everything until the end.
  [[nodiscard]] Rest read_to_end();
  /// Says close_notify without waiting for the answer.
  void close_notify();
  /// Raw octets, beside TLS.
  [[nodiscard]] Peer& tcp() { return tcp_; }
  [[nodiscard]] ssl_st* native() const { return ssl_; }

 private:
  Peer tcp_;
  ssl_st* ssl_;
};

/// A bench whose server speaks TLS, and peers that run beside its loop.
class TlsBench : public ::testing::Test, protected Bench {
 protected:
  void listen_tls(CreateServerOptions options = {});
  /// Runs `script` in a thread while the loop turns, until the script has ended.
  void beside(const std::function<void()>& script);
  /// The same with a connected peer that has shaken hands; then until connection_lost.
  void with_peer(const std::function<void(TlsPeer&)>& script);
  [[nodiscard]] TlsPeer make_peer(int receive_buffer = 0);
};

}  // namespace antiphon::asio_style::test
