#pragma once

#include <optional>
#include <string>
#include <vector>

#include "comparison.hpp"

/// What ours does otherwise than asyncio 3.11 in whatever scenario it shows: differences.json has the
/// scenarios that are known, this the kinds, for those that are not.
namespace antiphon::asyncio_replay {

/// The kinds that the differences of two traces are of; nothing if there is another one.
///
/// Both traces are walked side by side. Where they differ, a kind may say that one side has events more, or
/// that two events stand for each other; then the walk goes on. Some kinds change the way of the script
/// itself, so that nothing behind them can be compared.
[[nodiscard]] std::optional<std::vector<std::string>> kinds_of_difference(const Trace& ours,
                                                                          const Trace& recorded,
                                                                          const Scenario& scenario);

/// All kinds, as "rules: reason".
[[nodiscard]] std::vector<std::string> all_kinds();

}  // namespace antiphon::asyncio_replay
