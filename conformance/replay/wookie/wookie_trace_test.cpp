// wookie_trace.<scenario>: the server does what the real Wookie was recorded to do, or what is declared
// instead.
//
// The traces are those of the folder that ANTIPHON_ORACLE_WOOKIE names, else those in the repository.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "replay.hpp"

namespace antiphon::wookie_replay {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t stored = 83;

using traces = std::map<std::string, fs::path>;  // by scenario

traces traces_in(const fs::path& folder) {
  traces out;
  constexpr std::string_view ending = ".wookie.json";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(ending)) out.emplace(name.substr(0, name.size() - ending.size()), entry.path());
  }
  return out;
}

fs::path other_folder() {
  const char* folder = std::getenv("ANTIPHON_ORACLE_WOOKIE");
  return folder == nullptr ? fs::path() : fs::path(folder);
}

const differences& declared() {
  static const differences all = load_differences(fs::path(ANTIPHON_WOOKIE_REPLAY) / "differences.json");
  return all;
}

class wookie_trace : public testing::Test {
 public:
  explicit wookie_trace(fs::path file) : file_(std::move(file)) {}
  void TestBody() override {
    const auto trace = load_trace(file_);
    const auto found = declared().find(trace.at("scenario"));
    for (const std::string& wrong : replay(trace, found == declared().end() ? nullptr : &found->second))
      ADD_FAILURE() << wrong;
  }

 private:
  fs::path file_;
};

class wookie_traces : public testing::Test {};

TEST_F(wookie_traces, are_all_there) {
  EXPECT_EQ(traces_in(fs::path(ANTIPHON_WOOKIE_REPLAY) / "traces").size(), stored);
}

TEST_F(wookie_traces, every_declared_difference_says_why) {
  const auto known = traces_in(fs::path(ANTIPHON_WOOKIE_REPLAY) / "traces");
  for (const auto& [scenario, entry] : declared()) {
    EXPECT_EQ(entry.value("stored", true), known.contains(scenario)) << scenario;
    EXPECT_FALSE(entry.value("reason", "").empty()) << scenario;
    EXPECT_FALSE(entry.at("rules").empty()) << scenario;
    EXPECT_TRUE(entry.contains("events") || entry.contains("results")) << scenario;
  }
}

TEST_F(wookie_traces, of_another_folder_are_met_too) {
  if (other_folder().empty()) GTEST_SKIP() << "ANTIPHON_ORACLE_WOOKIE names no folder";
  const auto known = traces_in(fs::path(ANTIPHON_WOOKIE_REPLAY) / "traces");
  for (const auto& [scenario, file] : traces_in(other_folder())) {
    if (known.contains(scenario)) continue;
    SCOPED_TRACE(scenario);
    const auto found = declared().find(scenario);
    for (const std::string& wrong :
         replay(load_trace(file), found == declared().end() ? nullptr : &found->second))
      ADD_FAILURE() << wrong;
  }
}

}  // namespace
}  // namespace antiphon::wookie_replay

int main(int argc, char** argv) {
  namespace replay = antiphon::wookie_replay;
  testing::InitGoogleTest(&argc, argv);
  const auto folder = replay::other_folder().empty() ? replay::fs::path(ANTIPHON_WOOKIE_REPLAY) / "traces"
                                                     : replay::other_folder();
  for (const auto& [scenario, file] : replay::traces_in(folder))
    testing::RegisterTest("wookie_trace", scenario.c_str(), nullptr, nullptr, file.c_str(), __LINE__,
                          [file = file]() -> testing::Test* { return new replay::wookie_trace(file); });
  return RUN_ALL_TESTS();
}
