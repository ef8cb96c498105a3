#pragma once

#include <optional>
#include <string>
#include <vector>

#include "peer.hpp"
#include "scenario.hpp"

namespace antiphon::conformance {

/// What is wrong with a run, and where.
struct Violation {
  std::string rule;
  std::string
      message;  ///< "FLOW-01 violated: resume_writing without pause_writing, RW (event 5 of 7, connection 0)"
  std::size_t event = static_cast<std::size_t>(-1);  ///< index in the trace, if one event is to blame
  std::string expected;                              ///< instead: "DR, ER, CL or PW"
};

/// One run of a scenario, as far as judges see it.
struct Run {
  const Scenario& scenario;
  const Trace& trace;
  const PeerRecord& peer;
  std::string transport = "tcp";
  std::string refused;      ///< why the server did not listen: "address-in-use"; empty: it did
  bool reached_end = true;  ///< the peer's script was played to its end
};

/// Judges a run by the trace and the peer's record alone; the first violation. `exercised` gets the rules
/// that were put to the test.
[[nodiscard]] std::optional<Violation> check(const Run& run, std::vector<std::string>& exercised);

/// The rules that hold for any trace: order and pairing, by the automaton.
[[nodiscard]] std::optional<Violation> check_order(const Trace& trace, bool complete = true);

/// The rules that hold for any trace of any script, as far as the trace alone can show them: order, pairing,
/// sizes, re-entrancy; and with a scenario also what its script did: pauses, closes, errors, octets.
[[nodiscard]] std::optional<Violation> check_model(const Run& run, std::vector<std::string>& exercised);

}  // namespace antiphon::conformance
