#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "event_log.hpp"
#include "scenario.hpp"

namespace antiphon::conformance {

/// Against a hang, nothing else: no verdict depends on how long something took.
inline constexpr std::chrono::seconds hang_limit{10};

struct Hello {
  std::string name;
  std::string version;
  std::string style;  ///< "protocol" or "callback"
  std::vector<std::string> offers;
};

/// The kit or the program behind an adapter failed, not the server under test.
class HarnessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// All that the kit knows of a server: the verbs of the adapter protocol. Events arrive in the log that the
/// target was made with. Calls come from one thread.
class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;

  [[nodiscard]] virtual Hello hello() = 0;
  /// Listens on loopback and runs the script on each connection; the port. Connections are numbered from 0
  /// anew.
  virtual std::uint16_t listen(const Script& script) = 0;
  /// Runs actions on a connection inside the loop.
  virtual void act(int connection, const Actions& actions) = 0;
  /// Closes the listener, not its connections.
  virtual void stop() = 0;
  /// Lets the loop run with nothing due; how many connections have no CL.
  virtual int drain() = 0;
};

[[nodiscard]] std::unique_ptr<Target> make_asio_style_target(EventLog& log);
[[nodiscard]] std::unique_ptr<Target> make_cl_async_style_target(EventLog& log);
/// A foreign program that speaks the adapter protocol, version 1, on its standard input and output.
[[nodiscard]] std::unique_ptr<Target> make_exec_target(EventLog& log,
                                                       const std::vector<std::string>& command);

}  // namespace antiphon::conformance
