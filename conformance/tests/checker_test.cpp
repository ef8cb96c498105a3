#include "checker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "judge.hpp"
#include "mutants.hpp"
#include "rules.hpp"

namespace antiphon::conformance {
namespace {

class checker : public testing::Test {
 protected:
  checker() {
    scenario.name = "made_up";
    scenario.rules = {"OCT-02"};
    scenario.expect = "CM DR+ PW? RW? ER CL(none)";
    scenario.peer = Json::array({Json::array({"connect"})});
    peer.sent = 10;
  }
  std::string rule() {
    std::vector<std::string> exercised;
    const auto violation = check({scenario, trace, peer, "tcp", "", true}, exercised);
    EXPECT_FALSE(exercised.empty());
    return violation ? violation->rule : "";
  }
  static Event data(std::uint64_t from, std::size_t size) {
    return {"DR", 0, 0, {{"bytes", size}, {"sum", crc32(stream_octets(from, size))}}};
  }
  Scenario scenario;
  PeerRecord peer;
  Trace trace{{"CM", 0, 0, {}}, data(0, 4), data(4, 6), {"ER", 0, 0, {}}, {"CL", 0, 0, {{"cause", "none"}}}};
};

TEST_F(checker, passes_what_is_right) {
  EXPECT_EQ(rule(), "");
}

TEST_F(checker, finds_octets_that_were_changed_swapped_lost_or_made_up) {
  trace[1].fields["sum"] = 1;
  EXPECT_EQ(rule(), "OCT-01");
  trace[1] = data(4, 6);
  trace[2] = data(0, 4);
  EXPECT_EQ(rule(), "OCT-01");
  trace[1] = data(0, 4);
  trace[2] = data(4, 5);
  EXPECT_EQ(rule(), "OCT-01") << "one less than was sent before the end";
  trace[2] = data(4, 7);
  EXPECT_EQ(rule(), "OCT-01") << "one more than was sent";
}

TEST_F(checker, finds_pauses_and_resumes_at_the_wrong_size) {
  trace.insert(trace.begin() + 3, {"PW", 0, 0, {{"buffered", 65536}}});
  EXPECT_EQ(rule(), "FLOW-02") << "equal to the mark";
  trace[3].fields["buffered"] = 65537;
  EXPECT_EQ(rule(), "");
  trace.insert(trace.begin() + 4, {"RW", 0, 0, {{"buffered", 16385}}});
  EXPECT_EQ(rule(), "FLOW-03");
  trace[4].fields["buffered"] = 16384;
  EXPECT_EQ(rule(), "");
  scenario.server.limits.emplace(100'000, 0);
  EXPECT_EQ(rule(), "FLOW-02") << "other marks";
}

TEST_F(checker, finds_what_the_peer_did_not_read) {
  peer.wrong_at = 7;
  EXPECT_EQ(rule(), "OCT-02");
  peer.wrong_at = -1;
  scenario.peer_reads = 5;
  peer.read = 4;
  EXPECT_EQ(rule(), scenario.rules.front()) << "the scenario says how many";
  peer.read = 5;
  scenario.peer_end = "eof";
  peer.end = "reset";
  EXPECT_EQ(rule(), scenario.rules.front());
}

TEST_F(checker, finds_what_is_not_as_expected_and_blames_the_scenarios_first_rule) {
  trace.back().fields["cause"] = "reset";
  EXPECT_EQ(rule(), "OCT-02");
  trace.back().fields["cause"] = "none";
  trace.push_back({"EX", -1, -1, {}});
  EXPECT_EQ(rule(), "CAU-05") << "an error that nobody made";
}

TEST_F(checker, what_is_written_to_a_lost_connection_need_not_arrive) {
  scenario.expect.reset();
  scenario.server = parse_script(
      {{"on", {{"ER", Json::parse(R"([["return",true]])")}, {"CL", Json::parse(R"([["write",5]])")}}}});
  peer.end = "eof";
  EXPECT_EQ(rule(), "");
  scenario.server = parse_script({{"on", {{"DR", Json::parse(R"([["write",5]])")}}}});
  EXPECT_EQ(rule(), "HALF-02") << "but what was written before has to";
}

TEST_F(checker, an_error_inside_an_action_ends_its_bracket) {
  scenario.expect.reset();
  peer.sent = 0;
  const Json made = Json::parse(R"([["note",">write"],["write",70000],["note","<"]])");
  trace = {{"CM", 0, 0, {}},
           {"note", 0, 1, {{"text", ">write"}}},
           {"PW", 0, 2, {{"buffered", 70000}}},
           {"EX", -1, -1, {}},
           {"ER", 0, 3, {}},
           {"CL", 0, 4, {{"cause", "none"}}}};
  scenario.server = parse_script({{"on", {{"CM", made}, {"PW", Json::parse(R"([["raise","x"]])")}}}});
  EXPECT_EQ(rule(), "") << "Twisted lets it out of the write that paused";
  scenario.server = parse_script({{"on", {{"CM", made}}}});
  EXPECT_EQ(rule(), "REEN-03");
}

TEST(rules, have_numbers_of_their_own_and_sources) {
  std::vector<std::string_view> seen;
  for (const Rule& rule : all_rules()) {
    EXPECT_EQ(std::count(seen.begin(), seen.end(), rule.id), 0) << rule.id;
    EXPECT_FALSE(rule.sources.empty()) << rule.id;
    EXPECT_TRUE(rule.sentence.ends_with('.')) << rule.id;
    seen.push_back(rule.id);
  }
}

TEST(rules, each_is_tried_by_a_scenario_of_its_own_and_kills_a_mutant) {
  std::vector<std::string> first;
  for (const Scenario& scenario : load_scenarios(ANTIPHON_CONFORMANCE_DIR "/scenarios"))
    first.push_back(scenario.rules.front());
  for (const Rule& rule : all_rules())
    EXPECT_NE(std::find(first.begin(), first.end(), rule.id), first.end()) << rule.id;
  EXPECT_EQ(rules_without_mutant(), std::vector<std::string>{});
}

TEST(rules, there_are_as_many_rules_and_written_scenarios_as_the_kit_promises) {
  EXPECT_GE(all_rules().size(), 80U);
  const auto scenarios = load_scenarios(ANTIPHON_CONFORMANCE_DIR "/scenarios");
  EXPECT_GE(
      std::count_if(scenarios.begin(), scenarios.end(), [](const auto& each) { return !each.generated; }),
      150);
}

TEST(rules, each_source_is_a_rule_of_a_specification) {
  std::set<std::string> known;
  for (const char* name : {"AS", "CL"}) {
    std::ifstream in(std::string(ANTIPHON_CONFORMANCE_DIR "/spec_rules/") + name + ".json");
    for (const Json& each : Json::parse(in)) known.insert(each.at("id").get<std::string>());
  }
  for (const Rule& rule : all_rules()) {
    std::istringstream sources{std::string(rule.sources)};
    for (std::string source; sources >> source;)
      EXPECT_TRUE(known.contains(source)) << rule.id << ' ' << source;
  }
}

/// As `antiphon check` judges a trace that goes on.
std::optional<Violation> judge(const Trace& trace) {
  static const Scenario none;
  static const PeerRecord nobody;
  std::vector<std::string> exercised;
  const Run run{none, trace, nobody, "tcp", "", false};
  auto violation = check_model(run, exercised);
  return violation ? violation : check_order(trace, false);
}

TEST(prefix, no_shorter_part_of_a_trace_breaks_a_rule_than_the_one_that_is_shown) {
  constexpr std::array kinds{"CM", "DR", "ER", "PW", "RW", "CL", "EX", "note"};
  std::mt19937 random(5);  // any will do
  std::size_t broken = 0;
  for (int i = 0; i < 5'000; ++i) {
    Trace trace;
    for (std::size_t left = 1 + random() % 10; left > 0; --left) {
      Event event{
          trace.empty() ? "CM" : kinds[random() % kinds.size()], static_cast<int>(random() % 2), 0, {}};
      if (event.kind == "DR") event.fields = {{"bytes", random() % 3}, {"sum", 0}};
      if (event.kind == "PW" || event.kind == "RW") event.fields = {{"buffered", random() % 100'000}};
      if (event.kind == "note") event.fields = {{"text", random() % 2 == 0 ? ">write" : "<"}};
      trace.push_back(std::move(event));
    }
    const auto whole = judge(trace);
    if (!whole) continue;
    ++broken;
    ASSERT_LT(whole->event, trace.size()) << whole->message;
    EXPECT_FALSE(whole->message.empty());
    for (std::size_t size = 1; size <= whole->event; ++size)
      EXPECT_FALSE(judge({trace.begin(), trace.begin() + static_cast<std::ptrdiff_t>(size)}))
          << render(trace, size);
    const auto shortest =
        judge({trace.begin(), trace.begin() + static_cast<std::ptrdiff_t>(whole->event) + 1});
    ASSERT_TRUE(shortest) << render(trace, whole->event);
    EXPECT_EQ(shortest->rule, whole->rule);
  }
  EXPECT_GT(broken, 1'000U);
}

}  // namespace
}  // namespace antiphon::conformance
