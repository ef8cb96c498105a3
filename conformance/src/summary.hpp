#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "run.hpp"

namespace antiphon::conformance {

/// All that a run found, as the writers below see it.
struct Report {
  std::vector<Hello> targets;
  std::vector<Scenario> scenarios;  ///< those that were chosen
  std::vector<Result> results;
};

/// What reports/ reads; see conformance/README.md for its shape.
[[nodiscard]] Json results_to_json(const Report& report);
[[nodiscard]] std::string to_junit(const Report& report);
[[nodiscard]] std::string to_tap(const Report& report);
[[nodiscard]] std::string to_markdown(const Report& report);
/// For a badge that reads JSON: {"schemaVersion": 1, "label", "message", "color"}.
[[nodiscard]] Json to_badge(const Report& report);

/// Which rules a target was put to the test by.
struct RuleCount {
  std::set<std::string> tried;
  std::set<std::string> not_offered;
  std::set<std::string> silent;  ///< a chosen scenario is there, but it never came to a judgement
};
[[nodiscard]] RuleCount count_rules(const Report& report, const std::string& target);
/// By which rules any of the targets was.
[[nodiscard]] std::size_t count_rules_tried(const Report& report);

/// "2026-01-31T12:00:00", without the time zone, which what reads JUnit's XML does not take.
[[nodiscard]] std::string utc_now();

/// Declared differences of a rule that did not show on a target, though all its own scenarios were played:
/// the first of these scenarios becomes stale.
void find_stale(Report& report, const std::string& target, const std::vector<Difference>& differences);

struct Regression {
  std::string text;  ///< "asyncio echo: fail, before: pass"
  Verdict verdict;   ///< now
};
/// What was good in an earlier run and is not any more, what is new and not good, and what was judged and is
/// not offered any more. Throws std::invalid_argument naming the file.
[[nodiscard]] std::vector<Regression> regressions(const Report& report,
                                                  const std::filesystem::path& baseline);

}  // namespace antiphon::conformance
