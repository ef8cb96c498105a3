#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/tls/certificate.hpp"
#include "antiphon/tls/context.hpp"
#include "antiphon/tls/error.hpp"

struct ssl_st;

namespace antiphon::tls {

enum class HandshakeStatus : std::uint8_t { done, need_more, failed };

enum class ReadStatus : std::uint8_t {
  data,       ///< `size` octets were put into the room
  need_more,  ///< nothing until more octets were received
  closed,     ///< the peer's close_notify: a clean end
  failed,     ///< error() says why
};

struct ReadResult {
  ReadStatus status = ReadStatus::need_more;
  std::size_t size = 0;
};

struct Cipher {
  std::string name;      ///< "TLS_AES_256_GCM_SHA384"
  std::string protocol;  ///< the version that defined it, "TLSv1.3"
  int secret_bits = 0;
};

/// One TLS connection, without I/O: the owner carries octets to and from the peer.
///
///     peer's octets -> lend or receive -> handshake, then read -> plain text
///     plain text    -> write           -> output -> octets for the peer
///
/// Every call may leave octets in output(), also one that fails (an alert): carry them to the peer before
/// waiting for more. How the octets were cut never matters. After a failure everything but output() is a
/// no-op that tells the same error again.
///
/// An idle engine holds no buffers: OpenSSL's are given back, and ours are lent. Thread: one at a time.
class Engine {
 public:
  /// `server_name` (clients): sent as SNI unless it is an IP address, and checked if the context says so.
  /// std::invalid_argument if it starts with a dot, or is missing while check_hostname is on.
  explicit Engine(const Context& context, std::string_view server_name = {});
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// While it lives the engine reads the lent octets where they are; what is unread at its end is copied.
  class Loan {
   public:
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { engine_.end_loan(); }

   private:
    friend class Engine;
    explicit Loan(Engine& engine) : engine_(engine) {}
    Engine& engine_;
  };
  /// Octets from the peer, in place. One loan at a time; the engine must outlive it.
  [[nodiscard]] Loan lend(std::span<const std::byte> octets);
  /// Octets from the peer, copied.
  void receive(std::span<const std::byte> octets);
  /// The peer's octets have ended. Without its close_notify before, the next read (or handshake) fails as
  /// truncated once everything that came was read.
  void receive_eof();
  /// Octets received and not yet read, cipher text; what the owner bounds by not reading from its socket.
  [[nodiscard]] std::size_t unread_octets() const noexcept;

  /// Goes as far as the octets allow. A client's first call makes its hello.
  HandshakeStatus handshake();
  [[nodiscard]] bool handshake_done() const noexcept { return handshake_done_; }

  /// The next piece of plain text, at most a record (16 KiB). Before the handshake is done: need_more.
  /// Goes on after close(), so that the peer's last words and its close_notify are found.
  ReadResult read(std::span<std::byte> room);

  /// Encrypts all of it. False, and nothing happens: before the handshake is done, after close() or a
  /// failure.
  bool write(std::span<const std::byte> plain);
  /// Says close_notify, once. The peer's may still come, and data before it.
  void close();
  [[nodiscard]] bool close_sent() const noexcept { return close_sent_; }
  /// Its close_notify was read.
  [[nodiscard]] bool peer_closed() const noexcept { return peer_closed_; }

  /// What failed, if anything did.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

  /// Octets for the peer that nobody took yet.
  [[nodiscard]] std::span<const std::byte> output() const noexcept;
  /// Takes them together with their memory; the engine is left with none.
  [[nodiscard]] std::vector<std::byte> take_output();
  /// Memory to put octets into; its contents are dropped. Only while output() is empty.
  void lend_output(std::vector<std::byte> memory);

  // What the handshake agreed on; empty before it is done.
  [[nodiscard]] std::string_view version() const;        ///< "TLSv1.3"
  [[nodiscard]] std::optional<Cipher> cipher() const;    ///< none before
  [[nodiscard]] std::string_view alpn_protocol() const;  ///< empty: none was agreed on
  [[nodiscard]] std::string_view server_name() const;    ///< what the client asked for; empty: nobody
  [[nodiscard]] std::optional<Certificate> peer_certificate() const;  ///< none if the peer showed none
  /// The context in use: the one given, or the one that the server name callback chose.
  [[nodiscard]] const Context& context() const noexcept { return context_; }

  /// For those who know OpenSSL: an SSL*, owned by the engine.
  [[nodiscard]] ssl_st* native() const noexcept { return ssl_; }

 private:
  friend class Context;
  struct Wire;
  void end_loan();
  void fail(int result, std::size_t output_before);

  const Context given_;  // its callbacks may run while context_ is replaced
  Context context_;
  std::unique_ptr<Wire> wire_;
  ssl_st* ssl_ = nullptr;
  std::string expected_name_;
  std::string callback_failure_;  // what a callback of ours threw
  std::optional<Error> error_;
  bool handshake_done_ = false;
  bool close_sent_ = false;
  bool peer_closed_ = false;
};

}  // namespace antiphon::tls
