#include "script.hpp"

#include <gmock/gmock.h>

namespace antiphon::conformance::cl_async {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Script, an_operation_has_a_name_arguments_and_options) {
  const Ops ops = parse_ops(Json::parse(R"([["write", "abc", {"force": true, "end": 2}], ["close"]])"));
  ASSERT_EQ(ops.size(), 2U);
  EXPECT_EQ(ops[0].name, "write");
  EXPECT_EQ(ops[0].arg(0), "abc");
  EXPECT_TRUE(ops[0].flag("force"));
  EXPECT_EQ(ops[0].options["end"], 2);
  EXPECT_TRUE(ops[1].arg(0).is_null());
}

TEST(Script, the_loops_options_and_each_callbacks_lists_are_taken) {
  const ServerScript script = parse_server_script(Json::parse(
      R"({"loop": {"catch_app_errors": "function", "send_errors_to_eventcb": false}, "start": [["log", "x"]],
          "read": [[["close"]], []], "callbacks": {"w": {"ops": [[["log", "w"]]]}}})"));
  EXPECT_TRUE(script.catch_function);
  EXPECT_FALSE(script.send_errors_to_eventcb);
  EXPECT_EQ(script.start.size(), 1U);
  EXPECT_EQ(script.defaults.at("read").size(), 2U);
  EXPECT_EQ(script.named.at("w").front().front().name, "log");
}

void expect_refused(const char* ops, const char* names) {
  EXPECT_THAT([&] { static_cast<void>(parse_ops(Json::parse(ops))); },
              ThrowsMessage<HarnessError>(HasSubstr(names)))
      << ops;
}

TEST(Script, what_the_format_does_not_have_is_refused_by_name_and_never_skipped) {
  expect_refused(R"([["fly", 1]])", "unknown operation 'fly'");
  expect_refused(R"([["write", "x", {"colour": 1}]])", "unknown option 'colour'");
  expect_refused(R"([["write"]])", "takes 1 to 1 arguments");
  expect_refused(R"([["write", {"force": true}, "x"]])", "its options are not last");
  expect_refused(R"([["delay", 1, [["fly"]]]])", "unknown operation 'fly'");
  expect_refused(R"([["connect", "h", 1, {"then": [["fly"]]}]])", "unknown operation 'fly'");
  expect_refused(R"(["close"])", "not [name, ...]");
  EXPECT_THAT([] { static_cast<void>(parse_peer_script(Json::parse(R"([["jump"]])"))); },
              ThrowsMessage<HarnessError>(HasSubstr("unknown peer step 'jump'")));
  EXPECT_THAT([] { static_cast<void>(parse_server_script(Json::parse(R"({"loop": {"fatal_cb": true}})"))); },
              ThrowsMessage<HarnessError>(HasSubstr("unknown loop option 'fatal_cb'")));
  EXPECT_THAT([] { static_cast<void>(parse_server_script(Json::parse(R"({"udp": []})"))); },
              ThrowsMessage<HarnessError>(HasSubstr("'udp'")));
}

TEST(Script, each_step_of_the_peer_may_name_a_connection_and_a_time_limit) {
  for (const char* step :
       {R"(["accept")", R"(["shutdown_write")", R"(["sleep_ms", 1)", R"(["mark")", R"(["read", 1)"})
    EXPECT_NO_THROW(static_cast<void>(
        parse_peer_script(Json::parse("[" + std::string(step) + R"(, {"c": "c2", "timeout": 1}]])"))))
        << step;
  EXPECT_THAT([] { static_cast<void>(parse_peer_script(Json::parse(R"([["close", {"colour": 1}]])"))); },
              ThrowsMessage<HarnessError>(HasSubstr("unknown option 'colour'")));
}

TEST(Script, what_is_null_is_not_there) {
  const ServerScript script = parse_server_script(
      Json::parse(R"({"loop": {"catch_app_errors": null}, "start": null, "read": [null, [["close"]]]})"));
  EXPECT_FALSE(script.catch_app_errors);
  EXPECT_TRUE(script.start.empty());
  EXPECT_TRUE(script.defaults.at("read").front().empty());
  EXPECT_EQ(script.defaults.at("read").back().size(), 1U);
}

TEST(Script, an_error_may_be_asked_to_leave_the_callback) {
  EXPECT_TRUE(
      parse_ops(Json::parse(R"([["listen", "::1", 1, {"propagate": true}]])")).front().flag("propagate"));
}

}  // namespace
}  // namespace antiphon::conformance::cl_async
