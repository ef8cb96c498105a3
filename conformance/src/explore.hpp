#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "run.hpp"

namespace antiphon::conformance {

/// Every sequence of up to `longest` peer steps × every single reaction of the server, as scenarios that only
/// the model judges. Named "small:send drain rst at DR: close".
[[nodiscard]] std::vector<Scenario> small_scenarios(int longest);

/// Whether a transport can play it: a Unix socket has no reset.
[[nodiscard]] bool plays(const Scenario& scenario, const std::string& transport);

struct RandomRun {
  int tried = 0;  ///< how many were drawn; while a failure is made smaller none is
  std::uint64_t seed = 0;
  /// The smallest scenario that was found to fail, and what came of it.
  std::optional<Scenario> smallest;
  std::optional<Result> result;
};

/// Draws peer and server scripts of what the target offers, judges them by the model, and makes the first one
/// that fails as small as it can be. The same seed draws the same scripts of the same offers.
[[nodiscard]] RandomRun run_random(TargetRunner& runner, int count, std::uint64_t seed);

}  // namespace antiphon::conformance
