// A word that the replay does not know is an error with its name, before anything runs.

#include "asyncio/scenario.hpp"

#include <gtest/gtest.h>

#include "asyncio/replay.hpp"

namespace antiphon::asyncio_replay {
namespace {

Scenario parsed(const char* text) {
  return parse_scenario(Json::parse(text));
}

std::string refusal(const char* text) {
  try {
    static_cast<void>(parsed(text));
  } catch (const HarnessError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(scenario, an_event_has_protocol_occurrence_and_connection) {
  const auto scenario =
      parsed(R"({"name": "a", "server": [["on", "B.DR#2@1", ["close"]], ["on", "CM@1#1"]]})");
  ASSERT_EQ(scenario.handlers.size(), 2U);
  EXPECT_EQ(scenario.handlers[0].protocol, "B");
  EXPECT_EQ(scenario.handlers[0].event, "DR");
  EXPECT_EQ(scenario.handlers[0].occurrence, 2);
  EXPECT_EQ(scenario.handlers[0].connection, 1);
  EXPECT_EQ(scenario.handlers[1].protocol, "A");
  EXPECT_EQ(scenario.handlers[1].occurrence, 1);
}

TEST(scenario, the_server_listens_on_loopback_unless_it_says_null) {
  EXPECT_EQ(parsed(R"({"name": "a"})").listen["host"], "127.0.0.1");
  EXPECT_TRUE(parsed(R"({"name": "a", "listen": null})").listen.is_null());
}

TEST(scenario, unknown_words_are_refused_by_name) {
  EXPECT_EQ(refusal(R"({"name": "a", "frobnicate": 1})"), "unknown key 'frobnicate'");
  EXPECT_EQ(refusal(R"({"name": "a", "server": [["on", "XX", ["close"]]]})"), "unknown event 'XX'");
  EXPECT_EQ(refusal(R"({"name": "a", "server": [["on", "CM", ["dance"]]]})"), "unknown action 'dance'");
  EXPECT_EQ(refusal(R"({"name": "a", "server": [["on", "CM", ["call_soon", "t", ["dance"]]]]})"),
            "unknown action 'dance'");
  EXPECT_EQ(refusal(R"({"name": "a", "server": [["on", "CM", ["call_later_ms", 1, "t", ["dance"]]]]})"),
            "unknown action 'dance'");
  EXPECT_EQ(refusal(R"({"name": "a", "peer": [["sing"]]})"), "unknown peer step 'sing'");
  EXPECT_EQ(refusal(R"({"name": "a", "main": [["rest"]]})"), "unknown main step 'rest'");
}

TEST(scenario, unknown_builtins_and_sync_tests_fail_the_run) {
  EXPECT_THROW(
      static_cast<void>(run_scenario(parsed(R"({"name": "a", "listen": null, "main": [["builtin", "x"]]})"))),
      HarnessError);
  EXPECT_THROW(static_cast<void>(run_scenario(parsed(R"({"name": "a", "sync": "x"})"))), HarnessError);
}

TEST(scenario, unknown_arguments_and_missing_objects_fail_the_run) {
  for (const char* step :
       {R"(["create_server", {"colour": 1}])", R"(["create_server", {"sock": {"$sock": "sctp"}}])",
        R"(["server_close", 3])", R"(["sendfile", 0, {}])", R"(["cancel_task", "t"])"}) {
    const std::string text = std::string(R"({"name": "a", "listen": null, "main": [)") + step + "]}";
    EXPECT_THROW(static_cast<void>(run_scenario(parsed(text.c_str()))), HarnessError) << step;
  }
}

TEST(scenario, an_unknown_type_to_raise_fails_the_run) {
  const char* text = R"({"name": "a", "server": [["on", "CM", ["raise", "Boredom"]]], "peer": [["connect"]],
                         "main": [["wait", "CM"], ["sleep_ms", 1]]})";
  EXPECT_THROW(static_cast<void>(run_scenario(parsed(text))), HarnessError);
}

}  // namespace
}  // namespace antiphon::asyncio_replay
