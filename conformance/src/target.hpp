#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
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
  [[nodiscard]] bool has(std::string_view offer) const {
    return std::find(offers.begin(), offers.end(), offer) != offers.end();
  }
};

/// Where a server is to listen. Loopback and a free port for tcp and tls.
struct Where {
  std::string transport = "tcp";  ///< "tcp", "unix" or "tls"
  std::string path;               ///< of the socket, for unix
  std::string cert;               ///< PEM files, for tls
  std::string key;
};

/// Where it does.
struct Endpoint {
  std::string transport = "tcp";
  std::uint16_t port = 0;
  std::string path;
};

/// The server refused to listen, as it is free to; `kind` as in the adapter protocol: "address-in-use".
class ListenError : public std::runtime_error {
 public:
  ListenError(std::string what_kind, const std::string& message)
      : std::runtime_error(message), kind(std::move(what_kind)) {}
  std::string kind;
};

/// The kit or the program behind an adapter failed, not the server under test.
class HarnessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The program behind an adapter says that it lacks an action that no offer stands for.
class NotOffered : public std::runtime_error {
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
  /// Listens and runs the script on each connection. Connections are numbered from 0 anew. Throws
  /// ListenError, NotOffered.
  virtual Endpoint listen(const Script& script, const Where& where) = 0;
  /// Runs actions on a connection inside the loop.
  virtual void act(int connection, const Actions& actions) = 0;
  /// Closes the listener, not its connections.
  virtual void stop() = 0;
  /// Lets the loop run with nothing due; how many connections have no CL.
  virtual int drain() = 0;
  /// Stops the loop, whatever is open; whether it ended by itself. Nothing else may be called after it.
  virtual bool end() = 0;
  /// The process that the server runs in; 0: this one.
  [[nodiscard]] virtual int process() const { return 0; }
};

[[nodiscard]] std::unique_ptr<Target> make_asio_style_target(EventLog& log);
[[nodiscard]] std::unique_ptr<Target> make_cl_async_style_target(EventLog& log);
/// The kit's own server on bare poll(). `mutant` names a fault to have; empty: none. Throws HarnessError for
/// a name that is none.
[[nodiscard]] std::unique_ptr<Target> make_reference_target(EventLog& log, const std::string& mutant);
/// A foreign program that speaks the adapter protocol, version 1, on its standard input and output.
[[nodiscard]] std::unique_ptr<Target> make_exec_target(EventLog& log,
                                                       const std::vector<std::string>& command);

}  // namespace antiphon::conformance
