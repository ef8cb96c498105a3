#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "antiphon/cl_async_style/conditions.hpp"

namespace antiphon::cl_async_style {

using callback = std::function<void()>;
/// Gets a condition, or any error that the application's own callback threw (CL-031, CL-033, CL-075).
using event_callback = std::function<void(const std::exception& event)>;

/// What happens to an exception that leaves a callback (CL-030, CL-031): false, it leaves start_event_loop,
/// after the loop was closed; true, handle_error gets it; a function, it is handed to that.
using catch_app_errors_option = std::variant<bool, event_callback>;

/// The most that one read_cb is handed (CL-007).
inline constexpr std::size_t buffer_size = 65536;

struct event_loop_options {
  catch_app_errors_option catch_app_errors = false;
  /// With catch_app_errors: the event_cb of the socket whose callback failed is asked first (CL-031).
  bool send_errors_to_eventcb = true;
  /// cl-async's generic function handle-error: gets what nobody else takes; null, it becomes a warning
  /// (CL-031).
  event_callback handle_error{};
  /// cl-async's *passthrough-errors*: true for an error that is never caught (CL-038).
  std::function<bool(const std::exception& error)> passthrough_errors{};

  // Extensions.
  std::function<void(std::string_view text)> warning_cb{};  ///< null: stderr
  /// How long sockets in a graceful close may go on sending once the loop is left; then they are cut
  /// (upstream: for ever, CL-017). Zero: not at all.
  std::chrono::milliseconds exit_grace = std::chrono::seconds(5);
  /// Reproduces those of cl-async's quirks that harm nobody but surprise, too: for a port that is to be
  /// checked against the original. docs/cl_async_differences.md lists which.
  bool upstream_quirks = false;
};

/// Runs a loop in this thread until nothing is left to wait for or exit_event_loop was called. `start_fn` is
/// called from inside it (CL-001). Leaving the loop closes whatever is open and always ends (CL-014). One
/// loop a thread at a time; a second one throws std::logic_error (CL-004). Returns what libuv's run function
/// gave: 0 if nothing was left, something else after exit_event_loop (CL-024). No exit status for main.
///
/// An error that is to leave the loop does so at the end of the iteration, as after exit_event_loop: an
/// exception cannot cross libuv's frames. Handlers of errors are called before any other callback, but after
/// the failed one was unwound (CL-032); cl-async's restarts have no equivalent and are not offered (CL-039).
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
/// loop (unlike upstream, CL-011).
void exit_event_loop();

/// Called when the loop ends, before anything is closed, last added first (CL-012); but a listener is closed
/// in its turn, before those that were added before it was opened (CL-090). One that throws does not keep the
/// others from running (unlike upstream, CL-013).
void add_event_loop_exit_callback(callback fn);

/// cl-async's *buffer-writes*, of the running loop: false, each write is handed to the kernel at once, as
/// with `force` (CL-103). True at the loop's start.
void buffer_writes(bool on);

/// Of the running loop (CL-020, CL-021).
struct loop_stats {
  int incoming_tcp_connections = 0;  ///< open, accepted
  int outgoing_tcp_connections = 0;  ///< open or being made, by tcp_connect
  int open_dns_queries = 0;
  std::size_t fn_registry_count = 0;    ///< handles with callbacks
  std::size_t data_registry_count = 0;  ///< handles of libuv
};
[[nodiscard]] loop_stats stats();

/// Each loop has a number of its own in the process and is listed while it runs (CL-006).
[[nodiscard]] std::uint64_t event_loop_id();
/// From any thread.
[[nodiscard]] std::vector<std::uint64_t> running_event_loops();

/// Prints type and address of each of the loop's handles (CL-022). For people only.
void dump_event_loop_status(std::FILE* to = stderr);

}  // namespace antiphon::cl_async_style
