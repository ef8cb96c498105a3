#include "comparison.hpp"

#include <gmock/gmock.h>

namespace antiphon::conformance::cl_async {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Outcome recorded() {
  Outcome outcome;
  outcome.events = Json::parse(R"([
    {"event": "loop-start"},
    {"event": "connect-cb", "sock": 1, "via": "default", "stream": false, "class": "tcp-socket"},
    {"event": "read-cb", "sock": 1, "via": "default", "n": 5, "text": "hello", "closed": false,
     "same_iteration": false},
    {"event": "event-cb", "via": "default", "cond": "socket-eof", "code": 0, "msg": null, "sock": 1, "closed": true,
     "is_error": true, "is_streamish_error": true, "is_tcp_eof": false, "is_tcp_error": false},
    {"event": "loop-exit"}])");
  outcome.peer = Json::parse(R"([
    {"step": ["connect"]},
    {"step": ["read_until_eof"], "result": {"bytes": 0, "text": "", "end": "eof"}}])");
  return outcome;
}

/// The same as ours has it.
Outcome ours() {
  Outcome outcome = recorded();
  outcome.events[1].erase("class");
  outcome.events[2].erase("same_iteration");
  outcome.events[3]["is_tcp_eof"] = true;
  outcome.events[3]["is_tcp_error"] = true;
  return outcome;
}

TEST(Comparison, the_same_events_are_equal_but_for_what_only_lisp_has) {
  EXPECT_THAT(compare(recorded(), ours()), IsEmpty());
}

TEST(Comparison, every_field_of_every_event_is_compared) {
  const Outcome want = recorded();
  for (std::size_t i = 0; i < want.events.size(); ++i) {
    for (const auto& [field, value] : want.events[i].items()) {
      if (field == "class" || field == "same_iteration") continue;
      Outcome mutant = ours();
      mutant.events[i][field] = "mutated";
      EXPECT_THAT(compare(want, mutant), SizeIs(1)) << "event " << i << ", " << field;
    }
  }
}

TEST(Comparison, a_lost_an_added_and_a_moved_event_differ) {
  Outcome mutant = ours();
  mutant.events.erase(2);
  EXPECT_THAT(compare(recorded(), mutant), testing::Not(IsEmpty()));
  mutant = ours();
  mutant.events.push_back({{"event", "log"}});
  EXPECT_THAT(compare(recorded(), mutant), ElementsAre(HasSubstr("expected nothing")));
  mutant = ours();
  std::swap(mutant.events[1], mutant.events[2]);
  EXPECT_THAT(compare(recorded(), mutant), SizeIs(2));
  mutant = ours();
  mutant.events.erase(4);
  EXPECT_THAT(compare(recorded(), mutant), ElementsAre(HasSubstr("got nothing")));
}

TEST(Comparison, a_field_that_the_recorder_did_not_write_differs) {
  Outcome mutant = ours();
  mutant.events[1]["extra"] = 1;
  EXPECT_THAT(compare(recorded(), mutant), ElementsAre(HasSubstr("extra")));
}

TEST(Comparison, the_peers_results_are_compared) {
  for (const char* field : {"bytes", "text", "end"}) {
    Outcome mutant = ours();
    mutant.peer[1]["result"][field] = "mutated";
    EXPECT_THAT(compare(recorded(), mutant), ElementsAre(HasSubstr(field))) << field;
  }
  Outcome mutant = ours();
  mutant.peer[0]["result"] = {{"error", "ConnectionRefusedError"}};
  EXPECT_THAT(compare(recorded(), mutant), ElementsAre(HasSubstr("result.error")));
  mutant = ours();
  mutant.peer.erase(1);
  EXPECT_THAT(compare(recorded(), mutant), ElementsAre(HasSubstr("got nothing")));
}

TEST(Comparison, a_text_that_the_recorder_left_out_is_not_compared_but_its_length_is) {
  Outcome want = recorded();
  want.events[2]["text"] = nullptr;
  EXPECT_THAT(compare(want, ours()), IsEmpty());
  want.events[2]["n"] = 6;
  EXPECT_THAT(compare(want, ours()), ElementsAre(HasSubstr("(n)")));
  want = recorded();
  want.peer[1]["result"].erase("text");
  EXPECT_THAT(compare(want, ours()), IsEmpty());
}

TEST(Comparison, a_written_text_may_be_counted_in_characters_or_octets) {
  Outcome want;
  want.events.push_back({{"event", "op"}, {"n", 3}, {"text", "h\u00e4\u00df"}});
  Outcome got = want;
  got.events[0]["n"] = 5;
  EXPECT_THAT(compare(want, got), IsEmpty());
  got.events[0]["n"] = 4;
  EXPECT_THAT(compare(want, got), SizeIs(1));
}

// CL-055
TEST(Comparison, the_old_names_must_match_exactly_the_events_that_they_name) {
  Outcome mutant = ours();
  mutant.events[3]["is_tcp_eof"] = false;
  EXPECT_THAT(compare(recorded(), mutant), ElementsAre(HasSubstr("is_tcp_eof")));
  Outcome want = recorded();
  want.events[3]["cond"] = "streamish-canceled";
  mutant = ours();
  mutant.events[3]["cond"] = "streamish-canceled";
  EXPECT_THAT(compare(want, mutant), ElementsAre(HasSubstr("is_tcp_eof, is_tcp_error")));
}

TEST(Comparison, types_and_messages_of_the_languages_own_errors_need_not_be_the_same) {
  Outcome want;
  want.events.push_back({{"event", "op-error"}, {"cond", "simple-error"}, {"code", nullptr}, {"msg", "so"}});
  Outcome got = want;
  got.events[0]["msg"] = "otherwise";
  got.events[0]["cond"] = "simple-type-error";
  EXPECT_THAT(compare(want, got), IsEmpty());
  got.events[0]["msg"] = nullptr;
  EXPECT_THAT(compare(want, got), SizeIs(1));
  got = want;
  got.events[0]["cond"] = "socket-eof";
  got.events[0]["code"] = 0;
  EXPECT_THAT(compare(want, got), SizeIs(1)) << "a condition is not just an error";
  want.events[0]["code"] = -98;
  got.events[0]["code"] = -98;
  got.events[0]["msg"] = "otherwise";
  EXPECT_THAT(compare(want, got), SizeIs(1));
}

TEST(Comparison, what_differs_is_marked_for_people) {
  Outcome mutant = ours();
  mutant.events[2]["n"] = 4;
  EXPECT_THAT(render(recorded(), mutant), HasSubstr("  - {"));
  EXPECT_THAT(render(recorded(), mutant), HasSubstr("  + {"));
  EXPECT_THAT(render(recorded(), ours()), testing::Not(HasSubstr("  - {")));
}

}  // namespace
}  // namespace antiphon::conformance::cl_async
