#include "mutants.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "reference/faults.hpp"
#include "rules.hpp"
#include "run.hpp"

namespace antiphon::conformance {

namespace {

constexpr int at_a_time = 4;

std::vector<const Scenario*> scenarios_of(const Data& data, std::string_view rule) {
  std::vector<const Scenario*> chosen;
  for (const Scenario& scenario : data.scenarios)
    if (scenario.tries(rule)) chosen.push_back(&scenario);
  std::stable_partition(chosen.begin(), chosen.end(),
                        [&](const Scenario* each) { return each->rules.front() == rule; });
  return chosen;
}

MutantResult run_mutant(const Data& data, const reference::Mutant& mutant) {
  MutantResult made{std::string(mutant.name),
                    std::string(mutant.breaks),
                    std::string(mutant.rule),
                    std::string(mutant.says),
                    "",
                    "",
                    ""};
  const std::string base = "reference:" + made.name;
  for (const Scenario* scenario : scenarios_of(data, mutant.rule)) {
    const std::string& transport = scenario->transports.front();
    const std::string target = base + (transport == "tcp" ? "" : "-" + transport);
    // Most mutants that do something wrong never do what is waited for. What looks wrong in another way may
    // only have been slow, so it gets the time that a server gets.
    for (const std::chrono::milliseconds limit :
         {std::chrono::milliseconds(mutant_limit), std::chrono::milliseconds(hang_limit)}) {
      made.scenario.clear();
      const Result result = TargetRunner(target, data, limit).judge(*scenario);
      if (is_good(result.verdict) && result.verdict != Verdict::warn) break;
      made.scenario = scenario->name;
      made.killed_by = result.rule.empty() ? name_of(result.verdict) : result.rule;
      made.message = result.message;
      if (made.killed_well()) return made;
    }
    if (!made.survived()) return made;
  }
  return made;
}

/// Takes away the descriptors of the whole process, so nothing may run beside it.
bool runs_alone(const Data& data, const reference::Mutant& mutant) {
  const auto chosen = scenarios_of(data, mutant.rule);
  return std::any_of(chosen.begin(), chosen.end(),
                     [](const Scenario* each) { return each->steps("limit_descriptors"); });
}

}  // namespace

std::vector<MutantResult> run_mutants(const Data& data, const std::string& names,
                                      const std::function<void(const MutantResult&)>& told) {
  std::vector<const reference::Mutant*> together;
  std::vector<const reference::Mutant*> alone;
  for (const reference::Mutant& each : reference::all_mutants())
    if (fits(names, each.name)) (runs_alone(data, each) ? alone : together).push_back(&each);

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<MutantResult> done;
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> workers;
  for (int i = 0; i < at_a_time; ++i)
    workers.emplace_back([&] {
      for (std::size_t at = next++; at < together.size(); at = next++) {
        MutantResult result = run_mutant(data, *together[at]);
        const std::scoped_lock lock(mutex);
        done.push_back(std::move(result));
        changed.notify_one();
      }
    });
  std::vector<MutantResult> results;
  while (results.size() < together.size()) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !done.empty(); });
    results.push_back(std::move(done.front()));
    done.pop_front();
    lock.unlock();
    told(results.back());
  }
  workers.clear();
  for (const reference::Mutant* each : alone) {
    results.push_back(run_mutant(data, *each));
    told(results.back());
  }
  return results;
}

std::string describe(const MutantResult& result) {
  std::string text = result.name + "  " + result.rule + "  " + result.breaks + ": ";
  if (result.survived()) return text + "SURVIVED";
  if (result.killed_by != result.rule)
    return text + "killed by the wrong rule, " + result.killed_by + ", in " + result.scenario + ": " +
           result.message;
  if (!result.killed_well())
    return text + "killed in " + result.scenario + ", but without the words '" + result.says +
           "': " + result.message;
  return text + "killed in " + result.scenario;
}

std::vector<std::string> rules_without_mutant() {
  std::vector<std::string> missing;
  for (const Rule& rule : all_rules())
    if (mutants_of(rule.id).empty()) missing.emplace_back(rule.id);
  return missing;
}

std::vector<std::string> mutant_names() {
  std::vector<std::string> names;
  for (const reference::Mutant& each : reference::all_mutants()) names.emplace_back(each.name);
  return names;
}

std::vector<std::string> mutants_of(std::string_view rule) {
  std::vector<std::string> names;
  for (const reference::Mutant& each : reference::all_mutants())
    if (each.rule == rule) names.emplace_back(each.name);
  return names;
}

}  // namespace antiphon::conformance
