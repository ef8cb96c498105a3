#pragma once

#include <chrono>
#include <memory>

namespace antiphon::asio_style {

namespace detail {
struct HandleState;
}

/// loop.time() and call_at count on this clock; it never goes back (AS-275).
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// A callback waiting in the loop. Copies name the same callback; dropping them all does not cancel it.
/// Thread: use it on the loop's thread, like the loop itself.
class Handle {
 public:
  Handle() = default;
  explicit Handle(std::shared_ptr<detail::HandleState> state) : state_(std::move(state)) {}

  /// The callback will not run, and what it captured is freed now.
  /// Harmless when repeated or too late (AS-267).
  void cancel();
  /// True after cancel().
  [[nodiscard]] bool cancelled() const;
  /// False for a default-made handle.
  explicit operator bool() const noexcept { return state_ != nullptr; }

 protected:
  std::shared_ptr<detail::HandleState> state_;
};

/// What call_later and call_at return.
class TimerHandle : public Handle {
 public:
  using Handle::Handle;
  /// The time for which it was set.
  [[nodiscard]] TimePoint when() const;
};

}  // namespace antiphon::asio_style
