// What happens to the application's own errors (CL-030 to CL-042).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;

/// A delay whose callback fails, in a loop with these options; returns who was told.
std::vector<std::string> told_of_a_failing_delay(event_loop_options options, bool with_event_cb) {
  std::vector<std::string> log;
  if (std::holds_alternative<event_callback>(options.catch_app_errors))
    options.catch_app_errors = event_callback([&](const std::exception&) { log.emplace_back("function"); });
  options.handle_error = [&](const std::exception& error) {
    log.emplace_back(std::string("handle ") + error.what());
  };
  start_event_loop(
      [&] {
        delay([] { throw std::runtime_error("boom"); },
              {.event_cb = with_event_cb
                               ? event_callback([&](const std::exception&) { log.emplace_back("event_cb"); })
                               : event_callback()});
        delay([&] { log.emplace_back("goes on"); });
      },
      options);
  return log;
}

TEST(errors, are_told_to_exactly_one_in_the_order_event_cb_function_handle_error_CL_031_CL_042) {
  const event_callback function = [](const std::exception&) {};
  EXPECT_THAT(told_of_a_failing_delay({.catch_app_errors = function}, true),
              ElementsAre("event_cb", "goes on"));
  EXPECT_THAT(told_of_a_failing_delay({.catch_app_errors = function}, false),
              ElementsAre("function", "goes on"));
  EXPECT_THAT(told_of_a_failing_delay({.catch_app_errors = function, .send_errors_to_eventcb = false}, true),
              ElementsAre("function", "goes on"));
  EXPECT_THAT(told_of_a_failing_delay({.catch_app_errors = true}, true), ElementsAre("event_cb", "goes on"));
  EXPECT_THAT(told_of_a_failing_delay({.catch_app_errors = true}, false),
              ElementsAre("handle boom", "goes on"));
}

TEST(errors, become_a_warning_where_nobody_else_takes_them_CL_031) {
  std::string warning;
  start_event_loop(
      [] { throw std::runtime_error("boom"); },
      {.catch_app_errors = true, .warning_cb = [&](std::string_view text) { warning = std::string(text); }});
  EXPECT_THAT(warning, testing::HasSubstr("boom"));
}

TEST(errors, that_pass_through_are_never_caught_CL_038) {
  EXPECT_THROW(start_event_loop([] { throw std::domain_error("let me through"); },
                                {.catch_app_errors = true,
                                 .passthrough_errors =
                                     [](const std::exception& error) {
                                       return dynamic_cast<const std::domain_error*>(&error) != nullptr;
                                     }}),
               std::domain_error);
}

TEST(errors, event_cb_gets_the_very_object_without_a_socket_CL_033) {
  struct mine : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  scene play;
  play.loop_options.catch_app_errors = true;
  bool same = false;
  play.on_read = [](socket& which, std::string_view) {
    close_socket(which);
    throw mine("of my own");
  };
  play.on_event = [&](socket&, const std::exception& event) {
    same = dynamic_cast<const mine*>(&event) != nullptr && event_socket(event) == nullptr;
  };
  play.play([](peer& client) {
    client.send("x");
    client.read_all();
  });
  EXPECT_TRUE(same);
}

TEST(errors, the_handler_is_called_before_any_other_callback_CL_032) {
  std::vector<std::string> log;
  start_event_loop(
      [&] {
        delay([&] {
          log.emplace_back("fails");
          throw std::runtime_error("now");
        });
        delay([&] { log.emplace_back("other"); });
      },
      {.catch_app_errors = [&](const std::exception& error) { log.emplace_back(error.what()); }});
  EXPECT_THAT(log, ElementsAre("fails", "now", "other"));
}

TEST(errors, an_error_in_connect_cb_does_not_leave_the_socket_unread_CL_035) {
  scene play;
  play.loop_options.catch_app_errors = true;
  play.on_connect = [](socket&) { throw std::runtime_error("no"); };
  play.play([](peer& client) {
    client.send("a");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_THAT(play.log,
              ElementsAre("connect", "event no", "read a", "event socket-eof closed", "close none"));
}

TEST(errors, of_an_event_cb_told_of_the_socket_are_not_sent_to_it_again_CL_036_CL_037) {
  for (const bool caught : {true, false}) {
    scene play;
    std::string function;
    if (caught)
      play.loop_options.catch_app_errors =
          event_callback([&](const std::exception& error) { function = error.what(); });
    play.on_event = [](socket&, const std::exception&) { throw std::runtime_error("in event_cb"); };
    const auto run = [&] { play.play([](peer&) {}); };
    if (caught)
      run();
    else
      EXPECT_THROW(run(), std::runtime_error);
    EXPECT_EQ(function, caught ? "in event_cb" : "");
    EXPECT_THAT(play.log, ElementsAre("connect", "event socket-eof closed", "close none"));
  }
}

TEST(errors, of_write_cb_go_to_event_cb_and_the_socket_stays_open_CL_042) {
  scene play;
  play.loop_options.catch_app_errors = true;
  play.on_read = [](socket& which, std::string_view text) {
    if (text == "a")
      write_socket_data(which, "x", {.write_cb = [](socket&) { throw std::runtime_error("oops"); }});
  };
  play.play([](peer& client) {
    client.send("a");
    EXPECT_EQ(client.read(1), "x");
    client.send("b");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read a", "event oops", "read b", "event socket-eof closed",
                                    "close none"));
}

TEST(errors, what_is_no_exception_is_told_as_an_event_error_CL_040) {
  bool told = false;
  start_event_loop([] { throw 42; },  // NOLINT(hicpp-exception-baseclass)
                   {.catch_app_errors = [&](const std::exception& error) {
                     told = condition_cast<event_error>(error) != nullptr;
                   }});
  EXPECT_TRUE(told);
  EXPECT_THROW(start_event_loop([] { throw 42; }), int) << "and leaves the loop as it is";
}

TEST(errors, of_tcp_server_in_the_start_function_are_application_errors_CL_089) {
  std::string told;
  start_event_loop(
      [] {
        tcp_server("192.0.2.1", 0, {},
                   {.event_cb = [](const std::exception&) { ADD_FAILURE() << "CL-072"; }});
      },
      {.catch_app_errors = [&](const std::exception& error) { told = error.what(); }});
  EXPECT_THAT(told, testing::HasSubstr("192.0.2.1:0"));
  EXPECT_THROW(start_event_loop([] { tcp_server("192.0.2.1", 0, {}); }), event_error);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
