#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "peer_socket.hpp"

namespace antiphon::asyncio_replay {

/// The TLS client over a peer's socket. What it writes is gathered and sent in one piece, so that application
/// data can go out together with the last message of the handshake.
class PeerTls {
 public:
  explicit PeerTls(PeerSocket& socket);
  ~PeerTls();

  /// `verify_name`: the certificate has to be valid for it; none: it is not looked at. `early` octets of data
  /// go with the last handshake message. Throws an SSLError; the connection is closed then, as Python does.
  void handshake(const std::optional<std::string>& verify_name, std::size_t early);
  /// Sends the first handshake message and no more.
  void hello_only();
  void send(std::span<const char> data);
  Received receive(std::span<char> into, Timekeeper::Ticket deadline);
  void close_notify();

 private:
  void flush();
  /// Puts what the socket gives before OpenSSL.
  Received feed(Timekeeper::Ticket deadline);
  [[noreturn]] void fail(const std::optional<std::string>& verify_name);

  struct Engine;
  std::unique_ptr<Engine> engine_;
  PeerSocket& socket_;
};

}  // namespace antiphon::asyncio_replay
