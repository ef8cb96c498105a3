#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "faults.hpp"

namespace antiphon::conformance::reference {

using Callback = std::function<void()>;
using Clock = std::chrono::steady_clock;

/// A loop on bare poll(). One turn: wait, queue the callbacks of what is ready, then the timers that are due,
/// and run what was queued until here (AS-265). What a callback queues waits for the next turn (AS-264).
class Loop {
 public:
  explicit Loop(const Faults& faults);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void run();   ///< until stop()
  void stop();  ///< from any thread
  /// Forgets what is queued and watched; not while it runs.
  void clear();

  void call_soon(Callback fn) { ready_.push_back(std::move(fn)); }
  /// Before everything that is queued; only a mutant asks for it.
  void call_first(Callback fn) { ready_.push_front(std::move(fn)); }
  /// What the application puts off, in its order (ORD-09).
  void put_off(Callback fn);
  void call_later(std::chrono::milliseconds time, Callback fn);
  void call_soon_threadsafe(Callback fn);

  /// One callback a direction. A callback that was queued is not run if the watch ended meanwhile, so that
  /// nothing is told of a descriptor that is gone (python/asyncio 359).
  void watch_readable(int fd, Callback fn);
  void watch_writable(int fd, Callback fn);
  void watch_hangup(int fd, Callback fn);  ///< without reading; only a mutant asks for it
  void forget_readable(int fd);            ///< and the hang-up
  void forget_writable(int fd);

  /// Where errors of callbacks go: where, message.
  std::function<void(const char*, const std::string&)> on_error;
  /// Runs a callback of the application; what it throws is reported.
  void guarded(const char* where, const Callback& fn) const;

 private:
  struct Watch {
    Callback readable;
    Callback writable;
    Callback hangup;
    std::uint64_t number = 0;  // a descriptor may be closed and its number used again
  };
  struct Timer {
    Clock::time_point due;
    Callback fn;
  };
  void wait();
  Watch& watch(int fd);
  void forget(int fd, Callback Watch::*direction);
  void queue_io(int fd, short events);
  void queue_due_timers();
  [[nodiscard]] int timeout() const;

  const Faults& faults_;
  int wake_;  // an eventfd
  bool stopped_ = false;
  std::uint64_t watches_made_ = 0;
  std::map<int, Watch> watches_;
  std::vector<Timer> timers_;  // in the order in which they were made
  std::deque<Callback> ready_;
  std::deque<Callback> held_;  // by the mutant soon_waits_for_data
  std::mutex mutex_;
  std::deque<Callback> posted_;
};

}  // namespace antiphon::conformance::reference
