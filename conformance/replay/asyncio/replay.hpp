#pragma once

#include "scenario.hpp"

namespace antiphon::asyncio_replay {

/// What one run of a scenario showed, in the oracle's format.
struct Trace {
  Json events = Json::array();
  Json peer_events = Json::array();
};

/// Runs the scenario on asio_style. HarnessError if the replay can't do its work.
[[nodiscard]] Trace run_scenario(const Scenario& scenario);

}  // namespace antiphon::asyncio_replay
