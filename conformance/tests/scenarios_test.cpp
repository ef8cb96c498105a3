// Each scenario on each target, as a test of its own. The real asyncio runs behind its adapter.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "run.hpp"

namespace {

using namespace antiphon::conformance;

class ScenarioTest : public testing::Test {
 public:
  ScenarioTest(std::string target, const Scenario& scenario, const Data& data)
      : target_(std::move(target)), scenario_(scenario), data_(data) {}

  void TestBody() override {
    TargetRunner runner(target_, data_);
    const Result result = runner.run(scenario_);
    if (result.verdict == Verdict::differs) std::cout << "differs, as declared: " << result.reason << '\n';
    EXPECT_TRUE(is_good(result.verdict)) << explain(result);
    EXPECT_NE(result.verdict, Verdict::not_offered) << "all three targets offer what the scenarios need";
    EXPECT_FALSE(result.exercised.empty());
  }

 private:
  std::string target_;
  const Scenario& scenario_;
  const Data& data_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const Data data = load_data(ANTIPHON_CONFORMANCE_DIR);
  for (const std::string target : {"asio_style", "cl_async_style", "asyncio"}) {
    for (const Scenario& scenario : data.scenarios) {
      std::string name = scenario.rules.front() + "_" + scenario.name;
      std::replace(name.begin(), name.end(), '-', '_');
      testing::RegisterTest(
          target.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
          [target, &scenario, &data]() -> ScenarioTest* { return new ScenarioTest(target, scenario, data); });
    }
  }
  return RUN_ALL_TESTS();
}
