// Every scenario of the oracle on asio_style, compared with what the real asyncio did.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

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

std::string text_of(const Outcome& outcome, const Trace& ours) {
  std::string text = std::string(name_of(outcome.verdict)) + ": " + outcome.message + "\nall of ours:\n";
  for (const Json& event : ours.events) text += "  " + event.dump() + "\n";
  for (const Json& step : ours.peer_events) text += "  peer: " + step.dump() + "\n";
  return text;
}

class AsyncioTrace : public testing::Test {
 public:
  explicit AsyncioTrace(fs::path scenario) : scenario_(std::move(scenario)) {}

  void TestBody() override {
    Trace ours;
    const Outcome outcome =
        judge(scenario_, oracle() / "traces", load_differences(own_folder / "differences.json"), &ours);
    EXPECT_TRUE(antiphon::replay::is_good(outcome.verdict)) << text_of(outcome, ours);
  }

 private:
  fs::path scenario_;
};

/// The second set: what differs is of the kinds that more/kinds.json names for it, and of no other.
class MoreTraces : public testing::Test {
 public:
  explicit MoreTraces(fs::path scenario) : scenario_(std::move(scenario)) {}

  void TestBody() override {
    std::ifstream in(own_folder / "more" / "kinds.json");
    const Json expected = Json::parse(in).value(scenario_.stem().string(), Json::array());
    Trace ours;
    const Outcome outcome = judge(scenario_, own_folder / "more" / "traces", {}, &ours);
    EXPECT_EQ(outcome.verdict, expected.empty() ? Verdict::equal : Verdict::differs)
        << text_of(outcome, ours);
    const auto kinds = std::count(outcome.message.begin(), outcome.message.end(), '\n') + 1;
    if (!expected.empty()) {
      EXPECT_EQ(kinds, static_cast<std::ptrdiff_t>(expected.size())) << outcome.message;
    }
    for (const Json& rules : expected) {
      EXPECT_NE(outcome.message.find(rules.get<std::string>() + ": "), std::string::npos) << outcome.message;
    }
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
    const std::size_t more = scenario_files(own_folder / "more" / "scenarios").size();
    EXPECT_EQ(testing::UnitTest::GetInstance()->total_test_count(),
              static_cast<int>(scenario_files(oracle() / "scenarios").size() + more + 1));
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
  for (const fs::path& file : scenario_files(own_folder / "more" / "scenarios")) {
    testing::RegisterTest("asyncio_more", file.stem().c_str(), nullptr, nullptr, file.c_str(), __LINE__,
                          [file]() -> testing::Test* { return new MoreTraces(file); });
  }
  testing::RegisterTest("asyncio_trace", "every_scenario_of_the_folder_runs", nullptr, nullptr, __FILE__,
                        __LINE__, []() -> testing::Test* { return new Count; });
  return RUN_ALL_TESTS();
}
