#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style/client.hpp"

namespace antiphon::cl_async_style {

/// A program that was started (CL-232). The loop keeps it until it has ended; a loop that is left before does
/// not end it.
class process : public std::enable_shared_from_this<process> {
 public:
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  virtual ~process() = default;

 protected:
  process() = default;
};

/// Where a program's standard input, output or error output goes.
class redirection {
 public:
  /// :ignore, the null device.
  redirection() = default;
  /// :inherit, this process's own.
  static redirection inherit() { return redirection(kind::inherit); }
  /// :pipe, a socket: to be written to for the program's input, to be read from for its outputs. Of the
  /// options, those of connecting mean nothing here.
  static redirection pipe(read_callback read_cb = {}, connect_options options = {}) {
    redirection made(kind::pipe);
    made.read_cb_ = std::move(read_cb);
    made.options_ = std::move(options);
    return made;
  }
  /// :stream, the same in stream mode.
  static redirection stream(stream_read_callback read_cb, connect_options options = {}) {
    redirection made(kind::pipe);
    made.stream_read_cb_ = std::move(read_cb);
    made.options_ = std::move(options);
    made.options_.stream = true;
    return made;
  }

 private:
  friend class child;
  enum class kind { ignore, inherit, pipe };
  explicit redirection(kind what) : kind_(what) {}

  kind kind_ = kind::ignore;
  read_callback read_cb_;
  stream_read_callback stream_read_cb_;
  connect_options options_;
};

struct spawn_options {
  /// The program has ended: with a status, or by a signal (0 if not).
  std::function<void(process& which, std::int64_t status, int signo)> exit_cb{};
  event_callback event_cb{};  ///< is asked first if exit_cb throws
  redirection input{};
  redirection output{};
  redirection error_output{};
  std::optional<std::vector<std::string>> env{};   ///< "NAME=value"; none: this process's
  std::optional<std::string> working_directory{};  ///< none: this process's
};

/// Starts the program `path`, looked for along PATH, with `args` after its name. Throws event_error, or
/// filesystem_enoent and filesystem_eacces for a path that is none; event_cb is not called then (CL-072).
std::shared_ptr<process> spawn(const std::string& path, const std::vector<std::string>& args,
                               spawn_options options = {});

/// The sockets of redirection::pipe and redirection::stream, null for other redirections.
[[nodiscard]] const std::shared_ptr<socket>& process_input(const process& of) noexcept;
[[nodiscard]] const std::shared_ptr<socket>& process_output(const process& of) noexcept;
[[nodiscard]] const std::shared_ptr<socket>& process_error_output(const process& of) noexcept;

/// Sends a signal. False if the program has ended; throws event_error for a signal that cannot be sent.
bool process_kill(process& which, int signo);

}  // namespace antiphon::cl_async_style
