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
      message;  ///< "FLOW-01 violated: resume_writing without pause_writing (event 5 of 7, connection 0)"
  std::size_t event = static_cast<std::size_t>(-1);  ///< index in the trace, if one event is to blame
};

/// Judges a run by the trace and the peer's record alone; the first violation. `exercised` gets the rules
/// that were put to the test.
[[nodiscard]] std::optional<Violation> check(const Scenario& scenario, const Trace& trace,
                                             const PeerRecord& peer, std::vector<std::string>& exercised);

/// The rules that hold for any trace: order and pairing, by the automaton.
[[nodiscard]] std::optional<Violation> check_order(const Trace& trace, bool complete = true);

}  // namespace antiphon::conformance
