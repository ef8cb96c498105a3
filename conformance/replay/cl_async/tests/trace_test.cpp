// Each recorded trace of the real cl-async as a test of its own: the scripts run on cl_async_style, and what
// was seen is compared. ANTIPHON_ORACLE_CL_ASYNC names a folder of further traces, for the same.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <set>

#include "replay.hpp"

namespace {

using namespace antiphon::conformance::cl_async;
namespace fs = std::filesystem;

const fs::path folder = ANTIPHON_CL_ASYNC_REPLAY_DIR;

const std::map<std::string, Difference>& differences() {
  static const auto loaded = load_differences(folder / "differences.json");
  return loaded;
}

void replay_is_as_recorded_or_declared(const fs::path& file) {
  const TraceFile trace = load_trace(file);
  const auto declared = differences().find(trace.scenario);
  const Judgement judgement = judge(trace, declared == differences().end() ? nullptr : &declared->second);
  if (judgement.verdict == Verdict::as_declared)
    std::cout << "differs, as declared: " << judgement.report << '\n';
  EXPECT_TRUE(judgement.verdict == Verdict::equal || judgement.verdict == Verdict::as_declared)
      << trace.note << '\n'
      << judgement.report;
}

/// Each declaration names a trace and rules that the table of decided quirks has.
void all_are_there() {
  constexpr std::size_t recorded_traces = 119;
  const auto files = find_traces(folder / "traces");
  EXPECT_EQ(files.size(), recorded_traces) << "none may be left out";

  std::ifstream in(ANTIPHON_CL_ASYNC_DIFFERENCES);
  std::set<std::string> decided;
  const Json table = Json::parse(in);
  for (const Json& entry : table.at("rules")) decided.insert(entry.at("rule").get<std::string>());
  for (const auto& [scenario, difference] : differences()) {
    EXPECT_TRUE(fs::exists(folder / "traces" / (scenario + ".cl-async.json"))) << scenario;
    EXPECT_FALSE(difference.reason.empty()) << scenario;
    EXPECT_FALSE(difference.rules.empty()) << scenario;
    for (const std::string& rule : difference.rules)
      EXPECT_TRUE(decided.contains(rule))
          << scenario << ": " << rule << " is not in " << ANTIPHON_CL_ASYNC_DIFFERENCES;
  }
  const std::size_t as_recorded = files.size() - differences().size();
  EXPECT_GE(as_recorded * 10, files.size() * 9) << "at least nine of ten are as recorded";
  std::cout << as_recorded << " of " << files.size() << " as recorded, " << differences().size()
            << " differ as declared\n";
}

class TraceTest : public testing::Test {
 public:
  explicit TraceTest(std::function<void()> body) : body_(std::move(body)) {}
  void TestBody() override { body_(); }

 private:
  std::function<void()> body_;
};

void add(const char* suite, const std::string& name, const std::function<void()>& body) {
  testing::RegisterTest(suite, name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                        [body]() -> TraceTest* { return new TraceTest(body); });
}

void add_folder(const char* suite, const fs::path& where) {
  for (const fs::path& file : find_traces(where)) {
    const std::string name = file.filename().string();
    add(suite, name.substr(0, name.find('.')), [file] { replay_is_as_recorded_or_declared(file); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  try {
    add_folder("cl_async_trace", folder / "traces");
    // Recorded later, for what the others leave open.
    add_folder("cl_async_trace_more", folder / "traces_more");
    // Written after the format's description, with what the specification says: what cannot be
    // recorded, or not twice the same.
    add_folder("cl_async_trace_written", folder / "tests" / "written");
    add("cl_async_trace", "all_are_there_and_nine_of_ten_are_as_recorded", all_are_there);
    if (const char* more = std::getenv("ANTIPHON_ORACLE_CL_ASYNC"); more != nullptr && *more != '\0')
      add_folder("cl_async_trace_given", more);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return RUN_ALL_TESTS();
}
