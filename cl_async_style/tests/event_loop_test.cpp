#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;

TEST(event_loop, runs_the_start_function_inside_and_ends_when_nothing_is_left_CL_001) {
  bool ran = false;
  EXPECT_EQ(start_event_loop([&] { ran = true; }), 0);
  EXPECT_TRUE(ran);
}

TEST(event_loop, a_second_one_in_the_thread_is_an_error_that_leaves_the_first_usable_CL_004) {
  bool later = false;
  start_event_loop([&] {
    EXPECT_THROW(start_event_loop([] {}), std::logic_error);
    delay([&] { later = true; });
  });
  EXPECT_TRUE(later);
}

TEST(event_loop, exit_callbacks_run_last_in_first_out_CL_012_even_after_one_that_throws_CL_013) {
  std::vector<int> order;
  start_event_loop(
      [&] {
        add_event_loop_exit_callback([&] { order.push_back(1); });
        add_event_loop_exit_callback([&] {
          order.push_back(2);
          throw std::runtime_error("in an exit callback");
        });
        add_event_loop_exit_callback([&] { order.push_back(3); });
      },
      {.catch_app_errors = [](const std::exception&) {}});
  EXPECT_THAT(order, ElementsAre(3, 2, 1));
}

TEST(event_loop, exit_ends_it_with_everything_open_and_pending_timers_never_fire_CL_014_CL_019) {
  bool fired = false;
  std::vector<std::string> log;
  start_event_loop([&] {
    tcp_server("127.0.0.1", 0, {});
    delay([&] { fired = true; }, {.time = std::chrono::hours(1)});
    interval([&] { fired = true; }, std::chrono::hours(1));
    make_notifier([&] { fired = true; });
    signal_handler(SIGUSR2, [&](int) { fired = true; });
    delay([] { exit_event_loop(); });
  });
  EXPECT_FALSE(fired);
}

TEST(event_loop, exit_with_a_graceful_close_that_is_stuck_does_not_hang_CL_017) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.keep_running = true;
  play.on_connect = [](socket& which) {
    write_socket_data(which, std::string(32U << 20U, 'x'));
    close_socket(which);
    delay([] { exit_event_loop(); }, {.time = std::chrono::milliseconds(5)});
  };
  play.play([](peer& client) {
    EXPECT_EQ(client.read(1).size(), 1U);
    client.read_all();
  });
  EXPECT_EQ(play.log.back(), "close none");
}

TEST(event_loop, errors_go_to_the_function_given_CL_031b_or_out_CL_030) {
  std::string told;
  start_event_loop([] { throw std::runtime_error("oops"); },
                   {.catch_app_errors = [&](const std::exception& error) { told = error.what(); }});
  EXPECT_EQ(told, "oops");
  EXPECT_THROW(start_event_loop([] { throw std::domain_error("out"); }), std::domain_error);
}

TEST(event_loop, an_error_of_the_handler_itself_leaves_the_loop_CL_041) {
  EXPECT_THROW(start_event_loop(
                   [] { throw std::runtime_error("first"); },
                   {.catch_app_errors = [](const std::exception&) { throw std::domain_error("second"); }}),
               std::domain_error);
}

TEST(event_loop, counts_its_connections_CL_020) {
  scene play;
  play.keep_running = true;
  play.on_connect = [](socket& which) {
    EXPECT_EQ(stats().incoming_tcp_connections, 1U);
    close_socket(which);
    close_socket(which);
    delay(
        [] {
          EXPECT_EQ(stats().incoming_tcp_connections, 0U) << "once, however often it is closed (CL-021)";
          exit_event_loop();
        },
        {.time = std::chrono::milliseconds(20)});
  };
  play.play([](peer& client) { client.read_all(); });
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
