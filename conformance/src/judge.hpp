#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "automaton.hpp"
#include "checker.hpp"

namespace antiphon::conformance {

/// The judge's parts. What a whole run is judged by is in checker.hpp.

[[nodiscard]] bool is_callback(const std::string& kind);
[[nodiscard]] Violation blame(const Trace& trace, std::size_t at, std::string_view rule,
                              const std::string& says, std::string expected = "");

/// Where a connection is in the automaton.
struct Order {
  Life life = Life::unborn;
  Flow flow = Flow::flowing;
  [[nodiscard]] std::optional<Violation> step(const Trace& trace, std::size_t at);
};

/// What a connection's script has done so far, as far as the trace shows it: actions that are put off run at
/// times that only the server knows, so they only loosen what is checked.
struct Done {
  std::map<std::string, int> counts;  ///< of events
  std::string closed_in;              ///< the event in which it was closed or aborted
  std::string paused_in;              ///< the event in which reading was paused, empty while it reads
  bool closed_by_end = false;         ///< eof_received returned false
  bool aborted = false;
  bool maybe_closed = false;  ///< by the kit, or by something put off
  bool was_paused = false;
  bool eof_sent = false;
  int raised = 0;
  std::string raised_in;  ///< the first event that threw
  std::string fatal_in;   ///< the event whose error ends the connection
  std::uint64_t last_data = 0;
  std::uint64_t written = 0;          ///< octets that have to arrive
  std::uint64_t perhaps_written = 0;  ///< and those that may
  bool unknown_writes = false;
  bool echoed_late = false;  ///< not inside data_received, so not at the place of the stream where it came
  std::string inside;        ///< the action that runs, as the script's notes bracket it

  /// After the event: what the script does with it.
  void apply(const Script& script, const Event& event);

 private:
  void act(const Json& action, const std::string& event);
  void put_off(const Json& actions);
};

/// Follows a whole trace.
class Model {
 public:
  Model(const Run& run, std::set<std::string>& exercised) : run_(run), exercised_(exercised) {}
  [[nodiscard]] std::optional<Violation> walk();
  [[nodiscard]] std::optional<Violation> close_books() const;

 private:
  struct Connection {
    Order order;
    Done done;
    std::uint64_t received = 0;
    bool ended = false;
    std::string cause;  ///< of CL
  };
  [[nodiscard]] std::optional<Violation> reentrancy(const Connection& connection, std::size_t at);
  [[nodiscard]] std::optional<Violation> silence(const Connection& connection, std::size_t at);
  [[nodiscard]] std::optional<Violation> marks(std::size_t at);
  [[nodiscard]] std::optional<Violation> data(Connection& connection, std::size_t at);
  [[nodiscard]] std::optional<Violation> errors() const;
  [[nodiscard]] std::optional<Violation> causes() const;
  [[nodiscard]] std::optional<Violation> output() const;
  [[nodiscard]] bool one_connection() const;
  void note_rules(const Event& event);

  const Run& run_;
  std::set<std::string>& exercised_;
  std::map<int, Connection> connections_;
  int last_made_ = -1;
  int reported_ = 0;
};

}  // namespace antiphon::conformance
