// Every scenario of the oracle on asio_style, compared with what the real asyncio did.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "asyncio/judge.hpp"

namespace {

using namespace antiphon::asyncio_replay;
using antiphon::replay::Outcome;
using antiphon::replay::Verdict;
namespace fs = std::filesystem;

const fs::path own_folder = ANTIPHON_REPLAY_DIR;  // NOLINT(cert-err58-cpp)

/// Another folder of the same shape, from the environment.
fs::path oracle() {
  const char* other = std::getenv("ANTIPHON_ORACLE_ASYNCIO");
  return other == nullptr ? own_folder : fs::path(other);
}

class AsyncioTrace : public testing::Test {
 public:
  explicit AsyncioTrace(fs::path scenario) : scenario_(std::move(scenario)) {}

  void TestBody() override {
    Trace ours;
    const Outcome outcome =
        judge(scenario_, oracle() / "traces", load_differences(own_folder / "differences.json"), &ours);
    if (antiphon::replay::is_good(outcome.verdict)) return;
    std::string events;
    for (const Json& event : ours.events) events += "  " + event.dump() + "\n";
    for (const Json& step : ours.peer_events) events += "  peer: " + step.dump() + "\n";
    FAIL() << name_of(outcome.verdict) << ": " << outcome.message << "\nall of ours:\n" << events;
  }

 private:
  fs::path scenario_;
};

/// Nothing is skipped, and what differs is the exception.
class Count : public testing::Test {
 public:
  void TestBody() override {
    constexpr std::size_t recorded = 142;
    const auto files = scenario_files(own_folder / "scenarios");
    EXPECT_EQ(files.size(), recorded);
    EXPECT_EQ(testing::UnitTest::GetInstance()->total_test_count(),
              static_cast<int>(scenario_files(oracle() / "scenarios").size()) + 1);
    std::size_t declared = 0;
    for (const auto& [name, difference] : load_differences(own_folder / "differences.json")) {
      EXPECT_TRUE(fs::exists(own_folder / "scenarios" / (name + ".json"))) << name;
      EXPECT_NE(difference.reason, "") << name;
      ++declared;
    }
    EXPECT_LE(declared * 100, files.size() * 5) << "at least 95 % are equal to asyncio's trace";
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const fs::path& file : scenario_files(oracle() / "scenarios")) {
    testing::RegisterTest("asyncio_trace", file.stem().c_str(), nullptr, nullptr, file.c_str(), __LINE__,
                          [file]() -> testing::Test* { return new AsyncioTrace(file); });
  }
  testing::RegisterTest("asyncio_trace", "every_scenario_of_the_folder_runs", nullptr, nullptr, __FILE__,
                        __LINE__, []() -> testing::Test* { return new Count; });
  return RUN_ALL_TESTS();
}
