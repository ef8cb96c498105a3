#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "trace.hpp"

namespace antiphon::conformance {

/// Where a target's events arrive, from whatever thread, and where the kit waits for them.
class EventLog {
 public:
  void add(Event event) {
    const std::scoped_lock lock(mutex_);
    trace_.push_back(std::move(event));
    changed_.notify_all();
  }
  /// Whoever told has ended: nothing is waited for any more until clear().
  void end() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  void clear() {
    const std::scoped_lock lock(mutex_);
    trace_.clear();
    ended_ = false;
  }
  [[nodiscard]] Trace trace() const {
    const std::scoped_lock lock(mutex_);
    return trace_;
  }
  /// How many events the server has told: all but the kit's own notes of what it was asked to do.
  [[nodiscard]] std::size_t told() const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(trace_.begin(), trace_.end(), [](const Event& event) { return event.kind != "act"; }));
  }
  /// Until `done(trace)`; false when the time, which is only against a hang, is over, or nobody tells.
  template <typename Done>
  bool wait(Done done, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    bool is_so = false;
    changed_.wait_for(lock, limit, [&] {
      is_so = done(trace_);
      return is_so || ended_;
    });
    return is_so;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Trace trace_;
  bool ended_ = false;
};

}  // namespace antiphon::conformance
