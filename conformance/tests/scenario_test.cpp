#include "scenario.hpp"

#include <gtest/gtest.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace antiphon::conformance {
namespace {

std::string error_of(const std::string& text) {
  const test_support::TemporaryFolder folder;
  const std::string file = folder.add("scenarios.json", text);
  std::string error;
  try {
    static_cast<void>(load_scenario_file(file));
  } catch (const std::invalid_argument& caught) {
    error = caught.what();
    EXPECT_TRUE(error.starts_with(file)) << error;
  }
  return error;
}

TEST(scenario, errors_name_the_file_and_what_is_wrong) {
  EXPECT_NE(error_of("{").find("parse error"), std::string::npos);
  EXPECT_NE(error_of("{}").find("name"), std::string::npos);
  EXPECT_NE(error_of(R"({"colour": 1})").find("unknown key 'colour'"), std::string::npos);
  const std::string second = error_of(
      "[\n{\"name\": \"good\", \"about\": \"\", \"rules\": [\"ORD-01\"], \"peer\": []},\n"
      "{\"name\": \"bad\", \"about\": \"\", \"rules\": [\"ORD-99\"], \"peer\": []}]");
  EXPECT_NE(second.find(":3: scenario 'bad': unknown rule 'ORD-99'"), std::string::npos) << second;
  EXPECT_NE(
      error_of(R"({"name": "x", "about": "", "rules": ["ORD-01"], "peer": [], "server": {"on": {"XX": []}}})")
          .find("unknown event 'XX'"),
      std::string::npos);
}

/// A scenario whose third line is this.
std::string error_with(const std::string& line) {
  return error_of("[\n{\"name\": \"bad\", \"about\": \"\", \"rules\": [\"ORD-01\"],\n" + line + "}]");
}

TEST(scenario, every_kind_of_error_is_told_with_its_line_and_reason) {
  const std::vector<std::pair<std::string, std::string>> errors{
      {R"("peer": 5)", "the peer's steps must be a list"},
      {R"("peer": [["fly"]])", R"(not a step of the peer: ["fly"])"},
      {R"("peer": [["send"]])", R"(["send"] lacks a count)"},
      {R"("peer": [["wait_event", "ZZ"]])", "unknown event 'ZZ'"},
      {R"("peer": [["send", "x"]])", "\"x\" is not a count"},
      {R"("peer": [["send", -1]])", "-1 is not a count"},
      {R"("peer": [["connect", 1]])", "has more than it takes"},
      {R"("peer": [["act", 0, [["jump"]]]])", R"(not an action: ["jump"])"},
      {R"("peer": [], "server": {"on": {"CM": [["later", 1, [["writ", 5]]]]}})",
       R"(not an action: ["writ",5])"},
      {R"("peer": [], "server": 5)", "the server script must be an object"},
      {R"("peer": [], "server": {"on": []})", "'on' must be an object"},
      {R"("peer": [], "server": {"on_nth": {"DR": {"x": []}}})", "'x' is not a count of events"},
      {R"("peer": [], "server": {"limits": [1]})", "'limits' must be two counts"},
      {R"("peer": [], "needs": ["wings"])", "unknown offer 'wings'"},
      {R"("peer": [], "needs": "tcp")", "'needs' must be a list of texts"},
      {R"("peer": [], "transports": ["pigeon"])", "'transports' cannot be 'pigeon'"},
      {R"("peer": [], "transports": [])", "never played"},
      {R"("peer": [], "peer_end": "happily")", "'peer_end' cannot be 'happily'"},
      {R"("peer": [], "expect": 5)", "'expect' must be a text"},
      {R"-("peer": [], "expect": "CM XX CL(none)")-", "unknown event 'XX'"},
      {R"-("peer": [], "expect": "CM CL(none")-", "parentheses"},
      {R"("peer": [], "expect_of": {"x": "CM"})", "'x' is not the number of a connection"},
      {R"("peer": [], "abort_at_end": "yes")", "'abort_at_end' must be true or false"},
      {R"("peer": [], "connections": "all")", "'connections' must be a number"},
  };
  for (const auto& [line, reason] : errors) {
    const std::string error = error_with(line);
    EXPECT_NE(error.find(":2: scenario 'bad': "), std::string::npos) << line << ": " << error;
    EXPECT_NE(error.find(reason), std::string::npos) << line << ": " << error;
  }
  EXPECT_NE(error_of("[\n{\"name\": \"a\", \"about\": \"\", \"rules\": [\"ORD-01\"], \"peer\": []},\n"
                     "{\"name\": \"a\", \"about\": \"\", \"rules\": [\"ORD-01\"], \"peer\": []}]")
                .find(":3: scenario 'a': there is another one of this name"),
            std::string::npos);
  EXPECT_NE(error_of("[\n\n5]").find(":3: a scenario must be an object"), std::string::npos);
  EXPECT_NE(error_of("[\n{\"name\": }]").find(":2: "), std::string::npos);
  EXPECT_NE(error_of("").find(":1: "), std::string::npos);
}

TEST(scenario, every_action_is_tried_inside_every_callback) {
  const auto scenarios = generated_scenarios();
  for (const char* event : {"CM", "DR", "ER", "PW", "RW", "CL"})
    for (const char* action : {"write",        "writelines",    "write_until_paused",
                               "echo",         "write_eof",     "close",
                               "abort",        "pause_reading", "resume_reading",
                               "set_limits",   "is_closing",    "is_reading",
                               "buffer_size",  "limits",        "return",
                               "raise",        "later",         "soon",
                               "set_protocol", "stop_listener", "note"}) {
      const auto tries = [&](const Scenario& each) {
        const auto on = each.server.on.find(event);
        return on != each.server.on.end() && std::any_of(on->second.begin(), on->second.end(),
                                                         [&](const Json& one) { return one[0] == action; });
      };
      EXPECT_TRUE(std::any_of(scenarios.begin(), scenarios.end(), tries)) << action << " inside " << event;
    }
}

TEST(scenario, what_is_written_down_is_read_back_whole) {
  std::size_t count = 0;
  for (const Scenario& each : load_scenarios(ANTIPHON_CONFORMANCE_DIR "/scenarios")) {
    const Json json = to_json(each);
    EXPECT_EQ(to_json(parse_scenario(json)), json) << each.name;
    ++count;
  }
  EXPECT_GT(count, 300U);
  // All that a scenario can have, so that a field which is forgotten shows.
  const Json whole = Json::parse(R"-({"name": "x", "about": "y", "rules": ["ORD-01"], "needs": ["unix"],
      "transports": ["unix"], "server": {"on": {"DR": [["echo"]]}, "on_nth": {"DR": {"2": [["close"]]}}, "limits": [9, 3]},
      "peer": [["connect"], ["wait_event", "CM"]], "expect": "CM CL(none)", "expect_of": {"0": "CM CL(none)"},
      "connections": 1, "peer_reads": 2, "peer_reads_below": 3, "peer_end": "eof", "before": "file",
      "refused": "address-in-use", "abort_at_end": true})-");
  EXPECT_EQ(to_json(parse_scenario(whole)), whole);
}

TEST(scenario, a_script_chooses_by_event_and_count) {
  const Script script = parse_script(
      Json::parse(R"({"on": {"DR": [["echo"]]}, "on_nth": {"DR": {"2": [["close"]]}}, "limits": [9, 3]})"));
  EXPECT_EQ(script.actions("DR", 1)[0][0], "echo");
  EXPECT_EQ(script.actions("DR", 2)[0][0], "close");
  EXPECT_TRUE(script.actions("CM", 1).empty());
  EXPECT_EQ(script.limits->first, 9U);
  EXPECT_TRUE(script.has("close"));
  EXPECT_FALSE(script.keeps_open());
  EXPECT_TRUE(parse_script(Json::parse(R"({"on": {"ER": [["soon", [["return", true]]]]}})")).keeps_open());
  EXPECT_THROW(parse_script(Json::parse(R"({"on": {"DR": ["echo"]}})")), std::invalid_argument);
}

TEST(scenario, expectations_match_tokens) {
  EXPECT_TRUE(matches({"CM", "CL(none)"}, "CM DR* CL(none)"));
  EXPECT_TRUE(matches({"CM", "DR", "DR", "CL(reset)"}, "CM DR+ CL(none)|CL(reset)"));
  EXPECT_TRUE(matches({"CM", "RT(is_closing raised value-error)"}, "CM RT(is_closing raised value-error)"));
  EXPECT_FALSE(matches({"CM"}, "CM DR+"));
  EXPECT_FALSE(matches({"CM", "DR"}, "CM"));
  EXPECT_FALSE(matches({}, "CM"));
  EXPECT_FALSE(matches({"CMX"}, "CM"));
  EXPECT_TRUE(matches({"CM", "RT(write raised os-error)"}, "CM RT(write raised *)"));
  EXPECT_TRUE(matches({"CM", "PW", "RW", "PW"}, "CM PW|RW+"));
}

TEST(scenario, a_mismatch_tells_where_and_what_was_expected) {
  const auto wrong = Expectation("CM DR+ ER? CL(none)|CL(reset)").mismatch({"CM", "DR", "EX"});
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->at, 2U);
  EXPECT_EQ(wrong->expected, "DR or ER or CL(none) or CL(reset)");
  const auto missing = Expectation("CM CL(none)").mismatch({"CM"});
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->at, 1U);
  EXPECT_EQ(missing->expected, "CL(none)");
  EXPECT_EQ(Expectation("").mismatch({"CM"})->expected, "nothing");
}

}  // namespace
}  // namespace antiphon::conformance
