// The comparison fails on what matters and only on that.

#include "asyncio/comparison.hpp"

#include <gtest/gtest.h>

namespace antiphon::asyncio_replay {
namespace {

const Json recorded = Json::parse(R"({
  "events": [
    {"event": "factory", "~t_ms": 0.5},
    {"event": "CM", "~t_ms": 0.6},
    {"event": "DR", "n": 10},
    {"event": "call", "in": "DR", "op": "write", "args": [5], "~size": 0, "buffered": false},
    {"event": "CL", "exc": null}
  ],
  "peer_events": [
    {"step": "connect"}, {"step": "send", "args": [10]}, {"step": "connect", "peer": 1},
    {"step": "read_until_eof", "bytes": 0, "end": "eof"}
  ]
})");

Trace trace() {
  return {recorded["events"], recorded["peer_events"]};
}
bool equal(const Trace& ours, const Json& theirs = recorded, const Scenario& scenario = {}) {
  return !difference(ours, theirs, scenario).has_value();
}

TEST(comparison, a_trace_is_equal_to_itself) {
  EXPECT_TRUE(equal(trace()));
}

TEST(comparison, keys_with_a_tilde_do_not_count) {
  Trace ours = trace();
  ours.events[0]["~t_ms"] = 99;
  ours.events[3].erase("~size");
  ours.peer_events[0]["~bytes"] = 5;
  EXPECT_TRUE(equal(ours));
}

TEST(comparison, another_order_of_events_differs) {
  Trace ours = trace();
  std::swap(ours.events[1], ours.events[2]);
  EXPECT_FALSE(equal(ours));
}

TEST(comparison, a_missing_event_differs_wherever_it_is) {
  for (std::size_t i = 0; i < recorded["events"].size(); ++i) {
    Trace ours = trace();
    ours.events.erase(i);
    EXPECT_FALSE(equal(ours)) << i;
  }
}

TEST(comparison, one_event_too_many_differs) {
  Trace ours = trace();
  ours.events.push_back({{"event", "mark"}, {"tag", "late"}});
  EXPECT_FALSE(equal(ours));
}

TEST(comparison, another_value_of_any_key_differs) {
  for (std::size_t i = 0; i < recorded["events"].size(); ++i) {
    for (const auto& [key, value] : recorded["events"][i].items()) {
      if (key.starts_with('~')) continue;
      Trace ours = trace();
      ours.events[i][key] = "something else";
      EXPECT_FALSE(equal(ours)) << i << key;
      ours.events[i].erase(key);
      EXPECT_FALSE(equal(ours)) << i << key;
    }
  }
}

TEST(comparison, an_unrecorded_key_differs) {
  Trace ours = trace();
  ours.events[1]["conn"] = 1;
  EXPECT_FALSE(equal(ours));
}

TEST(comparison, peers_are_ordered_each_for_itself) {
  Trace ours = trace();
  ours.peer_events.erase(2);
  ours.peer_events.insert(ours.peer_events.begin(), recorded["peer_events"][2]);  // peer 1 was first
  EXPECT_TRUE(equal(ours));
  std::swap(ours.peer_events[1], ours.peer_events[2]);  // peer 0 sent before it connected
  EXPECT_FALSE(equal(ours));
}

TEST(comparison, what_a_peer_read_counts) {
  Trace ours = trace();
  ours.peer_events[3]["end"] = "reset";
  EXPECT_FALSE(equal(ours));
}

TEST(comparison, any_variant_may_match_but_only_as_a_whole) {
  Json theirs = recorded;
  theirs["variants"] = Json::parse(R"([{"runs": 1, "events": [{"event": "factory"}], "peer_events": []}])");
  EXPECT_TRUE(equal(trace(), theirs));
  EXPECT_TRUE(equal({theirs["variants"][0]["events"], Json::array()}, theirs));
  EXPECT_FALSE(equal({theirs["variants"][0]["events"], recorded["peer_events"]}, theirs));
}

TEST(comparison, pieces_of_data_are_one_where_the_scenario_says_so) {
  Scenario merging;
  merging.merge_data_received = true;
  Trace ours = trace();
  ours.events[2]["n"] = 4;
  ours.events.insert(ours.events.begin() + 3, Json{{"event", "DR"}, {"n", 6}});
  EXPECT_FALSE(equal(ours));
  EXPECT_TRUE(equal(ours, recorded, merging));
  ours.events[3]["n"] = 7;
  EXPECT_FALSE(equal(ours, recorded, merging));
}

TEST(comparison, pieces_of_two_connections_stay_two) {
  Scenario merging;
  merging.merge_data_received = true;
  const Json two = Json::parse(
      R"({"events": [{"event": "DR", "n": 4}, {"event": "DR", "n": 6, "conn": 1}], "peer_events": []})");
  EXPECT_TRUE(equal({two["events"], Json::array()}, two, merging));
  EXPECT_FALSE(equal({Json::parse(R"([{"event": "DR", "n": 10}])"), Json::array()}, two, merging));
}

TEST(comparison, what_the_kernel_took_or_left_is_seen_and_never_taken_for_equal) {
  const Json theirs = Json::parse(R"({"events": [{"event": "RW", "rel": "0"}], "peer_events": []})");
  const Trace rest{Json::parse(R"([{"event": "RW", "rel": "<=low"}])"), Json::array()};
  EXPECT_TRUE(kernel_took_another_share(rest, theirs));
  EXPECT_FALSE(equal(rest, theirs));
  EXPECT_FALSE(kernel_took_another_share({theirs["events"], Json::array()}, theirs));
  const Json leaves_some{{"events", rest.events}, {"peer_events", Json::array()}};
  EXPECT_TRUE(kernel_took_another_share({theirs["events"], Json::array()}, leaves_some));
  EXPECT_FALSE(equal({theirs["events"], Json::array()}, leaves_some));
  const Json waits = Json::parse(R"([{"event": "call", "op": "write", "buffered": true}])");
  const Trace goes{Json::parse(R"([{"event": "call", "op": "write", "buffered": false}])"), Json::array()};
  EXPECT_TRUE(kernel_took_another_share(goes, {{"events", waits}, {"peer_events", Json::array()}}));
  Json both = theirs;
  both["variants"] = Json::parse(R"([{"events": [{"event": "RW", "rel": "<=low"}], "peer_events": []}])");
  EXPECT_FALSE(kernel_took_another_share(rest, both));
  EXPECT_TRUE(equal(rest, both));
  const Trace more{Json::parse(R"([{"event": "RW", "rel": "between"}])"), Json::array()};
  EXPECT_FALSE(kernel_took_another_share(more, theirs));
}

TEST(comparison, a_volatile_count_does_not_count) {
  Scenario scenario;
  scenario.counts_are_volatile = true;
  Trace ours = trace();
  ours.events[2]["n"] = 11;
  EXPECT_FALSE(equal(ours));
  EXPECT_TRUE(equal(ours, recorded, scenario));
}

TEST(comparison, with_a_volatile_order_each_connection_still_has_its_own) {
  Scenario scenario;
  scenario.order_is_volatile = true;
  const Json theirs = Json::parse(R"({"events": [{"event": "CM"}, {"event": "CM", "conn": 1}, {"event": "CL"},
      {"event": "CL", "conn": 1}], "peer_events": []})");
  Trace ours{theirs["events"], Json::array()};
  std::swap(ours.events[1], ours.events[2]);
  EXPECT_FALSE(equal(ours, theirs));
  EXPECT_TRUE(equal(ours, theirs, scenario));
  std::swap(ours.events[0], ours.events[1]);  // CL before CM on connection 0
  EXPECT_FALSE(equal(ours, theirs, scenario));
}

TEST(comparison, the_message_shows_both_sides) {
  Trace ours = trace();
  ours.events[2]["n"] = 11;
  const std::string message = difference(ours, recorded, {}).value();
  EXPECT_NE(message.find("event 3"), std::string::npos) << message;
  EXPECT_NE(message.find("\"n\":10"), std::string::npos) << message;
  EXPECT_NE(message.find("\"n\":11"), std::string::npos) << message;
}

}  // namespace
}  // namespace antiphon::asyncio_replay
