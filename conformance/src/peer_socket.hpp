#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "target.hpp"

using SSL = struct ssl_st;

namespace antiphon::conformance {

/// The peer's blocking socket: TCP, Unix or TLS. A call that takes longer than the limit throws HarnessError.
class PeerSocket {
 public:
  PeerSocket(const Endpoint& endpoint, std::chrono::milliseconds limit);
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;
  ~PeerSocket();

  /// Whether it was let in.
  [[nodiscard]] bool connect();
  [[nodiscard]] bool connected() const noexcept { return connected_; }
  /// `end` as in receive, if the server ends the connection instead.
  void handshake(std::string& end);
  /// How many octets were taken before the connection ended.
  [[nodiscard]] std::size_t send(std::string_view octets) const;
  /// Octets, or an end as PeerRecord names it.
  [[nodiscard]] std::string_view receive(std::span<char> into, std::string& end);
  /// Ends the sending direction: FIN, or close_notify.
  void shutdown_write();
  /// A FIN without close_notify.
  void truncate() const;
  void close();
  void reset();
  /// False: receive does not wait, and then gives nothing and no end if nothing has come.
  void wait_for_input(bool wait);
  /// Whether octets that were sent to it wait unread, so that a close resets.
  [[nodiscard]] bool has_unread() const;
  template <typename Value>
  void set(int option, const Value& value) const {
    set_option(option, &value, sizeof(value));
  }

 private:
  [[nodiscard]] std::string_view nothing_yet() const;
  void set_option(int option, const void* value, std::size_t size) const;

  Endpoint endpoint_;
  int fd_;
  bool connected_ = false;
  bool waits_ = true;
  std::shared_ptr<SSL> ssl_;
};

}  // namespace antiphon::conformance
