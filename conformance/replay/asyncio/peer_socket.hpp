#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "antiphon/asio_style.hpp"
#include "timekeeper.hpp"

namespace antiphon::asyncio_replay {

/// What a receive came to.
struct Received {
  std::size_t bytes = 0;
  const char* end = nullptr;  ///< "eof", "close_notify", "reset", "timeout"; null: there may be more
};

/// A peer's socket. Every call blocks its thread, parked with the Timekeeper while the kernel is not ready;
/// errors of the system are thrown as asio_style's exceptions, whose names the traces use.
class PeerSocket {
 public:
  explicit PeerSocket(Timekeeper& time) : time_(time) {}
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;
  ~PeerSocket() { close(); }

  /// Makes the descriptor, of the family of `address`; no-op if it is there.
  void open(const asio_style::SocketAddress& address);
  /// `receive_buffer` octets for the kernel's buffer, set before connecting; 0: its default.
  void connect(const asio_style::SocketAddress& address, int receive_buffer);
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

  void send(std::span<const char> data);
  /// One receive, or the reason why there is none. "timeout" once `deadline` is over.
  Received receive(std::span<char> into, Timekeeper::Ticket deadline);
  void shutdown_write();
  void close();
  /// Closes with a reset (SO_LINGER 0).
  void reset();

 private:
  /// Blocks until the socket is ready for `events`; false once `deadline` (if it is not 0) is over.
  bool wait_ready(short events, Timekeeper::Ticket deadline);

  Timekeeper& time_;
  int fd_ = -1;
};

}  // namespace antiphon::asyncio_replay
