#include <gtest/gtest.h>

#include "run.hpp"

namespace antiphon::conformance {
namespace {

/// What the kit makes of an adapter that is this Python program.
Result run_adapter(const std::string& program) {
  const Data data = load_data(ANTIPHON_CONFORMANCE_DIR);
  EventLog log;
  Result result;
  try {
    const auto target = make_exec_target(log, {ANTIPHON_PYTHON, "-c", program});
    static_cast<void>(target->hello());
    result.verdict = Verdict::pass;
  } catch (const HarnessError& error) {
    result.message = error.what();
  }
  return result;
}

TEST(exec_target, an_adapter_that_ends_is_a_harness_error_with_its_log) {
  const Result result =
      run_adapter("import sys; sys.stdin.readline(); sys.stderr.write('my last words'); sys.exit(3)");
  EXPECT_EQ(result.verdict, Verdict::harness_error);
  EXPECT_NE(result.message.find("ended"), std::string::npos) << result.message;
}

TEST(exec_target, an_adapter_that_talks_rubbish_is_a_harness_error_that_quotes_it) {
  const Result result =
      run_adapter("import sys; sys.stdin.readline(); print('what?', flush=True); sys.stdin.read()");
  EXPECT_EQ(result.verdict, Verdict::harness_error);
  EXPECT_NE(result.message.find("what?"), std::string::npos) << result.message;
}

TEST(exec_target, an_adapter_of_another_version_is_refused) {
  const Result result = run_adapter(
      "import sys; sys.stdin.readline(); print('{\"reply\":\"hello\",\"protocol\":2}', flush=True); "
      "sys.stdin.read()");
  EXPECT_NE(result.message.find("version 1"), std::string::npos) << result.message;
}

TEST(exec_target, a_good_one_says_hello) {
  const Result result = run_adapter(
      "import sys; sys.stdin.readline(); print('{\"reply\":\"hello\",\"protocol\":1}', flush=True); "
      "sys.stdin.read()");
  EXPECT_EQ(result.verdict, Verdict::pass) << result.message;
}

}  // namespace
}  // namespace antiphon::conformance
