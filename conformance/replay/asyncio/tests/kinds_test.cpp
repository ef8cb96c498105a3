// A kind of difference excuses itself, and nothing beside it.

#include "asyncio/kinds.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace antiphon::asyncio_replay {
namespace {

const Json shortage = Json::parse(
    R"({"event": "handler", "message": "socket.accept() out of system resource", "keys": ["exception"], "exc": null})");

Trace recorded() {
  return {{{{"event", "factory"}}, shortage, shortage, shortage, {{"event", "CM"}}}, Json::array()};
}
Trace ours() {
  return {{{{"event", "factory"}}, shortage, {{"event", "CM"}}}, Json::array()};
}

TEST(kinds_of_difference, equal_traces_differ_in_no_kind) {
  EXPECT_EQ(kinds_of_difference(recorded(), recorded(), {}), std::vector<std::string>());
}

TEST(kinds_of_difference, a_report_that_is_repeated_is_one_of_them) {  // AS-049
  const auto kinds = kinds_of_difference(ours(), recorded(), {});
  ASSERT_TRUE(kinds.has_value());
  ASSERT_EQ(kinds->size(), 1U);
  EXPECT_EQ(kinds->front().find("AS-049, AS-050: "), 0U);
}

TEST(kinds_of_difference, the_other_way_round_it_is_none) {
  EXPECT_FALSE(kinds_of_difference(recorded(), ours(), {}).has_value());
}

TEST(kinds_of_difference, what_follows_has_to_be_equal) {
  Trace other = ours();
  other.events.back() = {{"event", "CL"}, {"exc", nullptr}};
  EXPECT_FALSE(kinds_of_difference(other, recorded(), {}).has_value());
}

TEST(kinds_of_difference, so_have_the_peers) {
  Trace other = ours();
  other.peer_events.push_back({{"step", "connect"}});
  EXPECT_FALSE(kinds_of_difference(other, recorded(), {}).has_value());
}

TEST(kinds_of_difference, a_kind_of_tls_does_not_excuse_a_plain_connection) {
  const Trace theirs{{{{"event", "call"}, {"op", "abort"}}, {{"event", "PW"}, {"rel", "0"}}}, Json::array()};
  const Trace mine{{{{"event", "call"}, {"op", "abort"}}}, Json::array()};
  Scenario plain;
  EXPECT_FALSE(kinds_of_difference(mine, theirs, plain).has_value());
  Scenario tls;
  tls.listen = {{"ssl", {{"$ssl", "server"}}}};
  EXPECT_TRUE(kinds_of_difference(mine, theirs, tls).has_value());  // AS-240
}

TEST(kinds_of_difference, the_readme_lists_them) {
  std::ifstream in(ANTIPHON_REPLAY_DIR "/../README.md");
  std::stringstream readme;
  readme << in.rdbuf();
  for (const std::string& kind : all_kinds()) {
    const auto colon = kind.find(": ");
    const std::string row = "| " + kind.substr(0, colon) + " | " + kind.substr(colon + 2) + " |";
    EXPECT_NE(readme.str().find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace antiphon::asyncio_replay
