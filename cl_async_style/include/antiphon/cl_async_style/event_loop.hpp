#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <variant>

#include "antiphon/cl_async_style/conditions.hpp"

namespace antiphon::cl_async_style {

using callback = std::function<void()>;
/// Gets a condition, or any error that the application's own callback threw (CL-031, CL-075).
using event_callback = std::function<void(const std::exception& event)>;

/// What happens to an exception that leaves a callback (CL-030, CL-031): false, it leaves start_event_loop,
/// after the loop was closed; true, it is logged to stderr; a function, it is handed to that.
using catch_app_errors_option = std::variant<bool, event_callback>;

struct event_loop_options {
  catch_app_errors_option catch_app_errors = false;
  /// With catch_app_errors: the event_cb of the socket whose callback failed is asked first.
  bool send_errors_to_eventcb = true;
};

/// Runs a loop in this thread until nothing is left to wait for or exit_event_loop was called. `start_fn` is
/// called from inside it (CL-001). Leaving the loop closes whatever is open and always ends (CL-014). One
/// loop a thread at a time; a second one throws std::logic_error (CL-004). Returns libuv's count, normally 0
/// (CL-024).
///
/// All functions of this library belong to the loop that runs in the calling thread and throw
/// std::logic_error where none runs (CL-009); only trigger_notifier may be called from elsewhere (CL-235).
int start_event_loop(callback start_fn, event_loop_options options = {});

/// The same, with the body last (CL-008).
template <typename Body>
int with_event_loop(event_loop_options options, Body&& body) {
  return start_event_loop(callback(std::forward<Body>(body)), std::move(options));
}

/// Asks the loop to end; the calling callback and others that are due still run (CL-010). Nothing without a
/// loop.
void exit_event_loop();

/// Called when the loop ends, before anything is closed, last added first (CL-012). One that throws does not
/// keep the others from running.
void add_event_loop_exit_callback(callback fn);

struct loop_stats {
  std::size_t incoming_tcp_connections = 0;
  std::size_t outgoing_tcp_connections = 0;
};
/// Of the running loop (CL-020).
[[nodiscard]] loop_stats stats();

}  // namespace antiphon::cl_async_style
