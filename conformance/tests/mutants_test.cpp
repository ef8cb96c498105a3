// The kit's own power: each way in which the reference can misbehave is noticed by the rule that it breaks.

#include <gtest/gtest.h>

#include <string>

#include "mutants.hpp"
#include "reference/faults.hpp"

namespace antiphon::conformance {
namespace {

TEST(mutants, each_is_killed_by_the_rule_that_it_breaks) {
  const Data data = load_data(ANTIPHON_CONFORMANCE_DIR);
  const auto results = run_mutants(
      data, "*", [](const MutantResult& result) { EXPECT_TRUE(result.killed_well()) << describe(result); });
  EXPECT_EQ(results.size(), reference::all_mutants().size());
  EXPECT_GE(results.size(), 60U);
}

TEST(mutants, each_has_a_word_for_its_user_and_is_found_by_name_and_by_number) {
  for (std::size_t i = 0; i < reference::all_mutants().size(); ++i) {
    const reference::Mutant& mutant = reference::all_mutants()[i];
    EXPECT_TRUE(mutant.seen.ends_with('.')) << mutant.name;
    EXPECT_EQ(reference::find_mutant(mutant.name), &mutant);
    EXPECT_EQ(reference::find_mutant(std::to_string(i + 1)), &mutant);
  }
  for (const char* none : {"", "0", "-1", "1x", "1000", "no_such_mutant"})
    EXPECT_EQ(reference::find_mutant(none), nullptr) << none;
}

TEST(mutants, a_survivor_and_the_wrong_rule_are_told) {
  EXPECT_NE(describe({"some", "breaks it", "ORD-01", "words", "", "", ""}).find("SURVIVED"),
            std::string::npos);
  EXPECT_NE(describe({"some", "breaks it", "ORD-01", "words", "echo", "ORD-02", "words"}).find("wrong rule"),
            std::string::npos);
  EXPECT_NE(
      describe({"some", "breaks it", "ORD-01", "words", "echo", "ORD-01", "else"}).find("without the words"),
      std::string::npos);
}

}  // namespace
}  // namespace antiphon::conformance
