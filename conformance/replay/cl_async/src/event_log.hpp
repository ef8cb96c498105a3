#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "trace_file.hpp"

namespace antiphon::conformance::cl_async {

/// What the server's callbacks saw, from the loop's thread, and where the peer's thread waits for it.
///
/// It also knows what the peer is doing, so that time decides nothing: where a script blocks the loop for
/// 80 ms or delays something by 60 ms, the recorded run gave the peer that time to come to its next wait;
/// here the server waits until the peer has come there (`peer_waits`), however long the machine takes.
class EventLog {
 public:
  void add(Json event);
  [[nodiscard]] Json events() const;
  [[nodiscard]] std::size_t count(const std::string& name) const;

  /// No further event will come; who waits is told.
  void end();
  [[nodiscard]] bool ended() const;

  /// Until so many events of that name are there; false if the log has ended without or the time is over.
  bool wait_event(const std::string& name, std::size_t count, std::chrono::milliseconds limit);
  /// Until `done(events)`; false as above. For the peer's thread, which meanwhile counts as waiting.
  bool wait(const std::function<bool(const Json&)>& done, std::chrono::milliseconds limit);

  /// What the peer's thread is at. `waits` tells whether it cannot go on without the server; it is asked from
  /// the loop's thread while the peer is at it, under the log's lock.
  void peer_is_at(std::function<bool()> waits);
  [[nodiscard]] bool peer_waits() const;
  /// Called in the loop's thread: until the peer waits; the limit is only against a hang.
  void let_peer_come_to_wait(std::chrono::milliseconds limit) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Json events_ = Json::array();
  bool ended_ = false;
  std::function<bool()> peer_waits_ = [] { return false; };  // at the start it runs
};

}  // namespace antiphon::conformance::cl_async
