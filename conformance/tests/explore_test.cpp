// Scenarios that nobody wrote, on the targets in this process: all small ones, and random ones. Usage: with
// --gtest_filter, so that ctest plays each target by itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "explore.hpp"

namespace antiphon::conformance {
namespace {

class explore : public testing::TestWithParam<const char*> {
 protected:
  Data data = load_data(ANTIPHON_CONFORMANCE_DIR);
  /// Over TCP everything is played; over the others a sample, for most of it would show the same again.
  static std::string transport() { return parse_target(GetParam()).transport; }
};

std::string what(const Scenario& scenario, const Result& result) {
  return explain(result) + "to keep it: " + to_json(scenario).dump();
}

TEST_P(explore, every_small_script_keeps_the_model) {
  TargetRunner runner(GetParam(), data);
  std::size_t played = 0;
  int failed = 0;
  std::size_t number = 0;
  for (const Scenario& scenario : small_scenarios(transport() == "tcp" ? ANTIPHON_SMALL : 2)) {
    if (!plays(scenario, transport())) continue;
    if (transport() == "tls" && ++number % 5 != 0) continue;
    const Result result = runner.run(scenario);
    played += result.verdict == Verdict::not_offered ? 0U : 1U;
    if (is_good(result.verdict)) continue;
    ADD_FAILURE() << what(scenario, result);
    if (++failed == 5) break;  // the others are likely the same
  }
  std::cout << played << " scripts\n";
  EXPECT_GT(played, transport() == "tcp" ? 1000U : 200U);
}

TEST_P(explore, random_scripts_keep_the_model) {
  TargetRunner runner(GetParam(), data);
  const int count = transport() == "tcp" ? 500 : 100;
  const RandomRun run = run_random(runner, count, 20261125);
  EXPECT_GE(run.tried, count);
  if (run.result) ADD_FAILURE() << what(*run.smallest, *run.result) << "\nseed " << run.seed;
}

INSTANTIATE_TEST_SUITE_P(targets, explore,
                         testing::Values("asio_style", "asio_style-unix", "asio_style-tls", "cl_async_style",
                                         "cl_async_style-unix", "cl_async_style-tls", "reference",
                                         "reference-unix", "reference-tls"),
                         [](const auto& each) {
                           std::string name(each.param);
                           std::replace(name.begin(), name.end(), '-', '_');  // in a filter it takes away
                           return name;
                         });

TEST(explore_mutants, random_scripts_find_a_mutant_and_make_the_script_small) {
  const Data data = load_data(ANTIPHON_CONFORMANCE_DIR);
  TargetRunner runner("reference:data_after_close", data, std::chrono::seconds(2));
  const RandomRun run = run_random(runner, 2000, 7);
  ASSERT_TRUE(run.result) << "not one of " << run.tried << " scripts closed";
  // Which rule is broken first depends on why the connection is closed: by a callback, or by the peer's end.
  const std::string& rule = run.result->rule;
  EXPECT_TRUE(rule == "CLO-01" || rule == "CLO-10" || rule == "ORD-03") << explain(*run.result);
  // connect, at most one send and a drain, and the end that every script has.
  EXPECT_LE(run.smallest->peer.size(), 5U) << run.smallest->peer.dump();
  const Scenario kept = parse_scenario(to_json(*run.smallest));
  EXPECT_EQ(kept.server.json, run.smallest->server.json) << "what is printed can be kept";
}

TEST(explore_mutants, random_scripts_find_faults_of_every_kind) {
  const Data data = load_data(ANTIPHON_CONFORMANCE_DIR);
  for (const auto& [mutant, rule] :
       std::vector<std::pair<std::string, std::string>>{{"lost_inside_close", "CLO-06"},
                                                        {"pause_ignored", "READ-01"},
                                                        {"data_after_end", "ORD-03"},
                                                        {"lost_never", "ORD-05"},
                                                        {"error_reported_twice", "ONCE-02"}}) {
    TargetRunner runner("reference:" + mutant, data, std::chrono::seconds(2));
    const RandomRun run = run_random(runner, 2000, 5);
    ASSERT_TRUE(run.result) << mutant << " survived " << run.tried << " scripts";
    EXPECT_EQ(run.result->rule, rule) << explain(*run.result);
    EXPECT_LE(run.smallest->peer.size(), 8U) << run.smallest->peer.dump();
  }
}

TEST(explore_mutants, the_same_seed_draws_the_same_scripts) {
  const Data data = load_data(ANTIPHON_CONFORMANCE_DIR);
  const auto smallest = [&] {
    TargetRunner runner("reference:lost_twice", data, std::chrono::seconds(2));
    return to_json(*run_random(runner, 100, 42).smallest).dump();
  };
  EXPECT_EQ(smallest(), smallest());
}

}  // namespace
}  // namespace antiphon::conformance
