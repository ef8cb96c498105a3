#include "decided.hpp"

#include <gmock/gmock.h>

namespace antiphon::conformance::cl_async {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> rules(const Json& script, const Outcome& recorded, const Outcome& ours) {
  std::vector<std::string> found;
  for (const Decided& each : decided(script, recorded, ours)) found.push_back(each.rule);
  return found;
}

Json events(const char* middle) {
  return Json::parse(std::string(R"([{"event": "loop-start"},)") + middle + R"({"event": "loop-exit"}])");
}

constexpr const char* write = R"({"event": "op", "op": "write", "sock": 1},)";
constexpr const char* end = R"({"event": "event-cb", "cond": "socket-eof", "code": 0, "sock": 1},)";
constexpr const char* canceled =
    R"({"event": "event-cb", "cond": "streamish-canceled", "code": 0, "sock": 1},)";

Json received(const char* text, const char* how) {
  const std::size_t size = std::string_view(text).size();
  return Json::array(
      {{{"step", {"read_until_eof"}}, {"result", {{"bytes", size}, {"text", text}, {"end", how}}}}});
}

TEST(Decided, what_is_sent_after_the_peers_end_is_not_canceled_and_may_arrive_CL_146) {
  const Outcome upstream{events((std::string(write) + end + canceled).c_str()), received("a", "eof")};
  const Outcome ours{events((std::string(write) + end).c_str()), received("abc", "eof")};
  EXPECT_THAT(rules(Json(), upstream, ours), ElementsAre("CL-146"));
}

TEST(Decided, but_nothing_else_may_be_missing_or_wrong) {
  const Outcome upstream{events((std::string(write) + end + canceled).c_str()), received("ab", "eof")};
  Outcome ours{events(write), received("ab", "eof")};
  EXPECT_THAT(rules(Json(), upstream, ours), IsEmpty()) << "the end is not told";
  ours = {events((std::string(write) + end).c_str()), received("a", "eof")};
  EXPECT_THAT(rules(Json(), upstream, ours), IsEmpty()) << "octets are lost";
  ours = {events((std::string(write) + end).c_str()), received("xbc", "eof")};
  EXPECT_THAT(rules(Json(), upstream, ours), IsEmpty()) << "other octets";
  ours = {events((std::string(write) + end).c_str()), received("ab", "reset")};
  EXPECT_THAT(rules(Json(), upstream, ours), IsEmpty()) << "a worse end";
}

TEST(Decided, without_its_reason_in_the_recorded_run_no_decision_counts) {
  const Outcome upstream{events(end), received("a", "eof")};
  const Outcome ours{events(end), received("ab", "eof")};
  EXPECT_THAT(rules(Json(), upstream, ours), IsEmpty()) << "nothing was written";
  const Outcome canceled_only{events((std::string(write) + canceled).c_str()), received("a", "eof")};
  EXPECT_THAT(rules(Json(), canceled_only, {events(write), received("a", "eof")}), IsEmpty())
      << "no end was told before";
}

TEST(Decided, the_warning_of_a_lost_handle_is_upstreams_alone_CL_082) {
  const Outcome upstream{
      events(
          R"x({"event": "warning", "msg": "an uv handle without corresponding object detected (:TCP)"},)x"),
      {}};
  EXPECT_THAT(rules(Json(), upstream, {events(""), {}}), ElementsAre("CL-082"));
  const Outcome other{events(R"({"event": "warning", "msg": "event-cb is deprecated"},)"), {}};
  EXPECT_THAT(rules(Json(), other, {events(""), {}}), IsEmpty());
}

TEST(Decided, ours_ends_where_upstream_had_to_be_killed_CL_133) {
  const Json upstream = Json::parse(
      R"([{"event": "loop-start"}, {"event": "start-done"}, {"event": "stop-request"}, {"event": "HANG"}])");
  const Outcome recorded{upstream, Json::array()};
  EXPECT_THAT(rules(Json(), recorded, {events(R"({"event": "start-done"},)"), Json::array()}),
              ElementsAre("CL-133"));
  EXPECT_THAT(rules(Json(), recorded, {events(""), Json::array()}), IsEmpty()) << "what came before differs";
  EXPECT_THAT(rules(Json(), recorded, {upstream, Json::array()}), IsEmpty())
      << "equal: nothing to account for";
}

TEST(Decided, an_error_leaves_the_loop_at_the_end_of_the_iteration_CL_030) {
  const std::string error = R"({"event": "op", "op": "error"},)";
  const std::string more = R"({"event": "read-cb", "sock": 1, "n": 1},)";
  const auto left = [](const std::string& before) {
    return Json::parse(R"([{"event": "loop-start"},)" + before + R"({"event": "loop-error", "sock": null}])");
  };
  EXPECT_THAT(rules(Json(), {left(error), {}}, {left(error + more), {}}), ElementsAre("CL-030"));
  EXPECT_THAT(rules(Json(), {left(error), {}}, {left(more), {}}), IsEmpty()) << "before it all is the same";
  EXPECT_THAT(rules(Json(), {left(error), {}}, {events(error.c_str()), {}}), IsEmpty()) << "it is told";
  EXPECT_THAT(rules(Json(), {left(error + more), {}}, {left(error), {}}), IsEmpty()) << "not sooner";
}

TEST(Decided, what_a_callback_did_goes_with_it_CL_146) {
  const Json script = Json::parse(R"({"event": [[["stats"]], [["stats"]]]})");
  const std::string stats = R"({"event": "stats", "in": 0},)";
  const Outcome upstream{events((write + std::string(end) + stats + canceled + stats).c_str()),
                         received("a", "eof")};
  EXPECT_THAT(
      rules(script, upstream, {events((write + std::string(end) + stats).c_str()), received("ab", "eof")}),
      ElementsAre("CL-146"));
  EXPECT_THAT(rules(Json(), upstream, {events((write + std::string(end) + stats).c_str()), {}}), IsEmpty())
      << "the script has nothing for event_cb: it was another's doing";
}

TEST(Decided, a_write_with_callbacks_takes_no_connect_cb_away_CL_105) {
  const Json script = Json::parse(
      R"({"start": [["connect", "127.0.0.1", "$PEER", {"then": [["write", "a", {"write_cb": "w"}]]}]]})");
  const std::string told = R"({"event": "connect-cb", "sock": 1},)";
  EXPECT_THAT(rules(script, {events(end), {}}, {events((told + end).c_str()), {}}), ElementsAre("CL-105"));
  EXPECT_THAT(rules(script, {events((told + end).c_str()), {}}, {events(end), {}}), IsEmpty())
      << "ours must not lose it";
  EXPECT_THAT(rules(Json(), {events(end), {}}, {events((told + end).c_str()), {}}), IsEmpty());
}

TEST(Decided, a_handshake_that_fails_is_told_CL_244) {
  const Json script = Json::parse(R"({"start": [["ssl_listen", "127.0.0.1", "$PORT", {}]]})");
  const std::string failed = R"({"event": "event-cb", "cond": "tcp-ssl-error", "code": -71, "sock": 1},)";
  EXPECT_THAT(rules(script, {events(""), {}}, {events(failed.c_str()), {}}), ElementsAre("CL-244"));
  EXPECT_THAT(rules(Json(), {events(""), {}}, {events(failed.c_str()), {}}), IsEmpty()) << "no TLS";
}

TEST(Decided, tls_goes_on_where_upstream_ends_and_before_that_all_counts_CL_247_CL_248) {
  const Json streams = Json::parse(R"({"start": [["ssl_listen", "127.0.0.1", "$PORT", {"stream": true}]]})");
  const std::string made = R"({"event": "connect-cb", "sock": 1},)";
  const std::string failed = R"({"event": "loop-error", "cond": "no-applicable-method-error"},)";
  EXPECT_THAT(rules(streams, {events(failed.c_str()), {}}, {events(made.c_str()), {}}),
              ElementsAre("CL-247"));
  const Json replaced = Json::parse(
      R"({"start": [["ssl_listen", "127.0.0.1", "$PORT", {}]], "read": [[["write", "a", {"read_cb": "r"}]]]})");
  const std::string one = R"({"event": "read-cb", "sock": 1, "n": 1},)";
  const std::string two = R"({"event": "read-cb", "sock": 1, "n": 2},)";
  EXPECT_THAT(rules(replaced, {events((one + write).c_str()), {}}, {events((one + write + one).c_str()), {}}),
              ElementsAre("CL-248"));
  EXPECT_THAT(rules(replaced, {events((one + write).c_str()), {}}, {events((two + write).c_str()), {}}),
              IsEmpty());
}

TEST(Decided, write_cb_is_not_told_of_records_of_TLS_CL_108) {
  const Json script = Json::parse(R"({"start": [["ssl_listen", "127.0.0.1", "$PORT", {}]]})");
  const std::string told = R"({"event": "write-cb", "sock": 1},)";
  EXPECT_THAT(rules(script, {events((told + told + told).c_str()), {}}, {events(told.c_str()), {}}),
              ElementsAre("CL-108"));
  EXPECT_THAT(rules(Json(), {events((told + told + told).c_str()), {}}, {events(told.c_str()), {}}),
              IsEmpty());
}

TEST(Decided, nothing_is_called_on_a_socket_that_a_graceful_close_has_closed_CL_130) {
  const std::string close = R"({"event": "op", "op": "close", "sock": 1},)";
  const Outcome upstream{
      events((close + R"({"event": "read-cb", "sock": 1, "closed": true},)" + end).c_str()), Json::array()};
  EXPECT_THAT(rules(Json(), upstream, {events(close.c_str()), Json::array()}), ElementsAre("CL-130"));
}

}  // namespace
}  // namespace antiphon::conformance::cl_async
