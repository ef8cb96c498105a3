#pragma once

#include <antiphon/test_support/temporary_folder.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "event_log.hpp"

namespace antiphon::conformance::cl_async {

/// Limits against a hang; no verdict depends on them.
inline constexpr std::chrono::milliseconds patience{20'000};

/// What server and peer of one replay share: the log, and what the scripts' `$NAMES` stand for. Thread-safe.
class Stage {
 public:
  Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage();

  EventLog log;
  /// All the script's times are so many times longer, for a machine that was too slow for them.
  int stretch = 1;

  /// A port: a number, or `$PORT`, `$PEER`, ... `$PEER` and `$FDPORT` are known from the start; `$PORT` only
  /// once a listener took one (before: 0, so that it takes a free one).
  [[nodiscard]] std::uint16_t port(const Json& port) const;
  void set_port(const Json& name, std::uint16_t port);
  /// A path: `$SOCK`, `$CERT`, `$KEY`, or as it stands.
  [[nodiscard]] std::string path(const Json& path);
  /// A descriptor: `$FD` (a bound socket), `$PFD` (the reading end of the pipe of `pipe_write`), or a number.
  [[nodiscard]] int descriptor(const Json& fd);
  /// The descriptor belongs to the library from now on.
  void give_away(const Json& fd);
  /// The peer's own socket, bound to `$PEER`; it listens after `listen`.
  [[nodiscard]] int peer_listener() const noexcept { return peer_listener_; }
  void write_pipe(const std::string& octets) const;

  /// A mistake of the harness or of the script; the first one is kept and ends the replay.
  void fail(const std::string& message);
  [[nodiscard]] std::optional<std::string> failure() const;

  /// Lets the loop go round a few times, so that whatever has reached the kernel was dispatched; set by the
  /// server while it runs. Returns at once when the loop has ended.
  std::function<void()> settle = [] {};
  /// As the recorder: logs `stop-request` and asks the loop to end, unless it has ended.
  std::function<void()> request_stop = [] {};

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint16_t> ports_;
  test_support::TemporaryFolder folder_;
  int peer_listener_ = -1;
  int listening_fd_ = -1;
  int pipe_read_ = -1;
  int pipe_write_ = -1;
  bool certificates_made_ = false;
  std::optional<std::string> failure_;
};

}  // namespace antiphon::conformance::cl_async
