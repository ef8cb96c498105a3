#include "judge.hpp"

#include <fstream>

#include "comparison.hpp"
#include "kinds.hpp"

namespace antiphon::asyncio_replay {

namespace {

/// Runs that the kernel made another than the recorded ones are done again; one that always is has another
/// cause.
constexpr int repetitions = 10;

using replay::Outcome;
using replay::Verdict;

Json read_json(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw HarnessError("can't read " + file.string());
  return Json::parse(in);
}

/// The kinds, as lines of text, that explain all of what differs from one of the recorded runs.
std::optional<std::string> known_kinds(const Trace& ours, const Json& recorded, const Scenario& scenario) {
  std::vector<Json> runs = recorded.value("variants", Json::array());
  runs.insert(runs.begin(), recorded);
  const Trace mine = comparable(ours, scenario);
  for (const Json& run : runs) {
    const auto kinds =
        kinds_of_difference(mine, comparable({run.at("events"), run.at("peer_events")}, scenario), scenario);
    if (!kinds) continue;
    std::string text;
    for (const std::string& kind : *kinds) text += (text.empty() ? "" : "\n    ") + kind;
    return text;
  }
  return std::nullopt;
}

Outcome compare(const Trace& ours, const Json& recorded, const Scenario& scenario,
                const Difference* declared) {
  const auto found = difference(ours, recorded, scenario);
  if (declared == nullptr) {
    if (!found) return {Verdict::equal, {}};
    const auto kinds = known_kinds(ours, recorded, scenario);
    return kinds ? Outcome{Verdict::differs, *kinds} : Outcome{Verdict::different, *found};
  }
  if (!found)
    return {Verdict::stale, "ours is equal to the recorded trace, but declared as: " + declared->reason};
  const auto off = difference(ours, declared->expected, scenario);
  if (off) return {Verdict::different, "not as declared (recorded = declared here): " + *off};
  return {Verdict::differs, declared->reason};
}

}  // namespace

std::map<std::string, Difference> load_differences(const std::filesystem::path& file) {
  std::map<std::string, Difference> table;
  if (!std::filesystem::exists(file)) return table;
  for (const Json& entry : read_json(file)) {
    table[entry.at("scenario")] = {entry.at("reason"), entry};
  }
  return table;
}

Outcome judge(const std::filesystem::path& file, const std::filesystem::path& traces,
              const std::map<std::string, Difference>& differences, Trace* ours) {
  try {
    const Scenario scenario = load_scenario(file);
    const Json recorded = read_json(traces / (scenario.name + ".asyncio.json"));
    Trace trace = run_scenario(scenario);
    for (int again = 0; again < repetitions && kernel_took_another_share(trace, recorded); ++again) {
      trace = run_scenario(scenario);
    }
    if (ours != nullptr) *ours = trace;
    const auto declared = differences.find(scenario.name);
    return compare(trace, recorded, scenario, declared == differences.end() ? nullptr : &declared->second);
  } catch (const std::exception& error) {
    return {Verdict::harness_error, error.what()};
  }
}

}  // namespace antiphon::asyncio_replay
