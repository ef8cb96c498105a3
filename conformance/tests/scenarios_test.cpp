// The kit's scenarios on the targets, a test for each target and group of rules: starting a process for every
// scenario of every target would take longer than playing them. A failure names its scenario and shows its
// trace.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <vector>

#include "rules.hpp"
#include "run.hpp"

namespace {

using namespace antiphon::conformance;

/// "half_close": what a group is called in a test's name; "asio_style_tls" a target, for in a filter of
/// GoogleTest a '-' takes away.
std::string slug(std::string_view group) {
  std::string name(group);
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

std::string group_of(const Scenario& scenario) {
  return scenario.generated ? "every_action_in_every_callback"
                            : slug(find_rule(scenario.rules.front())->group);
}

class GroupTest : public testing::Test {
 public:
  GroupTest(std::string target, std::vector<const Scenario*> scenarios, const Data& data)
      : target_(std::move(target)), scenarios_(std::move(scenarios)), data_(data) {}

  void TestBody() override {
    TargetRunner runner(target_, data_);
    std::map<Verdict, int> counts;
    for (const Scenario* scenario : scenarios_) {
      const Result result = runner.run(*scenario);
      ++counts[result.verdict];
      // A SHOULD that is not kept is a difference, too, and has to be declared.
      EXPECT_TRUE(is_good(result.verdict) && result.verdict != Verdict::warn) << explain(result);
      EXPECT_EQ(result.exercised.empty(), result.verdict == Verdict::not_offered) << scenario->name;
    }
    for (const auto& [verdict, count] : counts) std::cout << count << ' ' << name_of(verdict) << "  ";
    std::cout << '\n';
  }

 private:
  std::string target_;
  std::vector<const Scenario*> scenarios_;
  const Data& data_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const Data data = load_data(ANTIPHON_CONFORMANCE_DIR);
  for (const std::string& target : known_targets()) {
    std::map<std::string, std::vector<const Scenario*>> groups;
    for (const Scenario& scenario : data.scenarios)
      if (scenario.over(parse_target(target).transport)) groups[group_of(scenario)].push_back(&scenario);
    for (const auto& [group, scenarios] : groups)
      testing::RegisterTest(
          slug(target).c_str(), group.c_str(), nullptr, nullptr, __FILE__, __LINE__,
          [target, scenarios, &data]() -> testing::Test* { return new GroupTest(target, scenarios, data); });
  }
  const int status = RUN_ALL_TESTS();
  if (testing::UnitTest::GetInstance()->test_to_run_count() > 0) return status;
  std::cerr << "no test has such a name\n";
  return 1;
}
