#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "antiphon/cl_async_style/event_loop.hpp"

namespace antiphon::cl_async_style {

/// A delay that was asked for. Kept by the loop until it fires; the pointer is needed only to free it.
class event {
 public:
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  virtual ~event() = default;

 protected:
  event() = default;
};

struct delay_options {
  std::chrono::milliseconds time{0};  ///< from the loop's time, that of the iteration's start (CL-209)
  event_callback event_cb{};          ///< is asked first if the callback throws
};

/// Calls once, later, never from inside this call (CL-200). With no time: at the end of the tick.
std::shared_ptr<event> delay(callback fn, delay_options options = {});
/// The same, notation (CL-208).
template <typename Body>
std::shared_ptr<event> with_delay(std::chrono::milliseconds time, Body&& body) {
  return delay(callback(std::forward<Body>(body)), {.time = time});
}

/// It will not fire. Throws event_freed if it fired or was freed before (CL-203).
void free_event(event& which);
[[nodiscard]] bool event_freed_p(const event& which) noexcept;
/// Whether the delay alone keeps the loop running (CL-023).
void ref(event& which);
void unref(event& which);

/// Calls again and again, `time` after the last call returned (CL-205). Returns what cancels it; an error in
/// the callback does not end it (unlike upstream, CL-206).
std::function<void()> interval(callback fn, std::chrono::milliseconds time, event_callback event_cb = {});

struct signal_options {
  event_callback event_cb{};
};
/// Calls in the loop for each delivery until freed; keeps the loop running (CL-215). A second one for the
/// same number replaces the first (CL-216). Throws event_error for a number that cannot be handled.
void signal_handler(int signo, std::function<void(int signo)> fn, signal_options options = {});
void free_signal_handler(int signo);
void clear_signal_handlers();

/// Calls into the loop from another thread.
class notifier {
 public:
  notifier(const notifier&) = delete;
  notifier& operator=(const notifier&) = delete;
  virtual ~notifier() = default;

 protected:
  notifier() = default;
};
struct notifier_options {
  event_callback event_cb{};
  bool single_shot = true;  ///< frees itself after its call
};
/// An untriggered notifier keeps the loop running (CL-222).
std::shared_ptr<notifier> make_notifier(callback fn, notifier_options options = {});
/// From any thread. Triggers before the loop wakes may be merged. Throws notifier_freed.
void trigger_notifier(notifier& which);
void free_notifier(notifier& which);
void unref(notifier& which);

}  // namespace antiphon::cl_async_style
