#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "antiphon/cl_async_style/event_loop.hpp"

namespace antiphon::cl_async_style {

/// A delay that was asked for. Kept by the loop until it fires or is freed; the pointer is needed only to
/// change it.
class event : public std::enable_shared_from_this<event> {
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
/// A delay of a hundred years: for add_event (CL-204).
std::shared_ptr<event> make_event(callback fn, event_callback event_cb = {});

/// Stops the event without freeing it (CL-204). Like the next two: throws event_freed if it fired or was
/// freed before (CL-203).
void remove_event(event& which);
/// It fires after `time`, whatever was asked before.
void add_event(event& which, std::chrono::milliseconds time);
/// It will not fire.
void free_event(event& which);
[[nodiscard]] bool event_freed_p(const event& which) noexcept;
/// Whether the delay alone keeps the loop running (CL-023).
void ref(event& which);
void unref(event& which);

/// Calls again and again, `time` after the last call returned (CL-205). Returns what cancels it. An error in
/// the callback does not end it (unlike upstream, CL-206).
std::function<void()> interval(callback fn, std::chrono::milliseconds time, event_callback event_cb = {});
/// The same as calling what interval returned.
void remove_interval(const std::function<void()>& cancel);
/// Notation (CL-208).
template <typename Body>
std::function<void()> with_interval(std::chrono::milliseconds time, Body&& body) {
  return interval(callback(std::forward<Body>(body)), time);
}

struct signal_options {
  event_callback event_cb{};
};
/// Calls in the loop for each delivery until freed; keeps the loop running (CL-215). A second one for the
/// same number replaces the first (CL-216). The numbers are `<csignal>`'s (upstream: BSD's, CL-217). Throws
/// event_error for a number that cannot be handled. Freeing restores what the signal did before.
void signal_handler(int signo, std::function<void(int signo)> fn, signal_options options = {});
void free_signal_handler(int signo);
void clear_signal_handlers();

/// Called once an iteration until freed; keeps the loop spinning (CL-220).
class idler {
 public:
  idler(const idler&) = delete;
  idler& operator=(const idler&) = delete;
  virtual ~idler() = default;

 protected:
  idler() = default;
};
std::shared_ptr<idler> idle(callback fn, event_callback event_cb = {});
/// A second time: nothing.
void free_idler(idler& which);
[[nodiscard]] bool idler_freed_p(const idler& which) noexcept;

/// Calls into the loop from another thread.
class notifier : public std::enable_shared_from_this<notifier> {
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
/// A second time: nothing.
void free_notifier(notifier& which);
/// From any thread.
[[nodiscard]] bool notifier_freed_p(const notifier& which) noexcept;
void ref(notifier& which);
void unref(notifier& which);

/// What a descriptor is ready for, or is to be watched for.
struct poll_events {
  bool readable = false;
  bool writable = false;
};
/// Watches a descriptor that somebody else opened and will close.
class poller {
 public:
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;
  virtual ~poller() = default;

 protected:
  poller() = default;
};
using poll_callback = std::function<void(poll_events ready)>;
struct poll_options {
  event_callback event_cb{};  ///< gets errors, at once (CL-224)
  poll_events poll_for = {.readable = true, .writable = true};
  bool socket = false;  ///< upstream needs to know; here it makes no difference
};
/// Calls whenever `fd` is ready, until freed. Throws event_error for what cannot be watched.
std::shared_ptr<poller> poll(int fd, poll_callback fn, poll_options options = {});
/// To be freed before the descriptor is closed. A second time: nothing.
void free_poller(poller& which);
[[nodiscard]] bool poller_freed_p(const poller& which) noexcept;

}  // namespace antiphon::cl_async_style
