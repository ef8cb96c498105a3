#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "data.hpp"

namespace antiphon::conformance {

/// A mutant that never does what the peer waits for is given less time than a stranger's server.
inline constexpr std::chrono::seconds mutant_limit{2};

/// What the kit made of one named fault of the reference.
struct MutantResult {
  std::string name;
  std::string breaks;    ///< "tells of data behind a close"
  std::string rule;      ///< that has to kill it
  std::string says;      ///< has to stand in the message
  std::string scenario;  ///< in which it fell; empty: it survived
  std::string killed_by;
  std::string message;
  [[nodiscard]] bool survived() const { return scenario.empty(); }
  /// By the rule it breaks, and with the right words.
  [[nodiscard]] bool killed_well() const {
    return !survived() && killed_by == rule && message.find(says) != std::string::npos;
  }
};

/// Each mutant plays the scenarios of its rule, those first that blame it, until it falls. Some at a time,
/// for most of the time is spent waiting for what a mutant never does. `told` is called in the caller's
/// thread.
[[nodiscard]] std::vector<MutantResult> run_mutants(const Data& data, const std::string& names,
                                                    const std::function<void(const MutantResult&)>& told);

/// "data_after_close  CLO-01  killed in close_in_data", or what is wrong.
[[nodiscard]] std::string describe(const MutantResult& result);

/// The rules and mutants as a check of the tables: every rule kills at least one. Empty if all is well.
[[nodiscard]] std::vector<std::string> rules_without_mutant();

[[nodiscard]] std::vector<std::string> mutant_names();

/// The mutants that a rule has to kill.
[[nodiscard]] std::vector<std::string> mutants_of(std::string_view rule);

}  // namespace antiphon::conformance
