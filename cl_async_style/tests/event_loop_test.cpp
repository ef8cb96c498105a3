#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;

TEST(event_loop, runs_the_start_function_inside_and_ends_when_nothing_is_left_CL_001) {
  bool ran = false;
  EXPECT_EQ(start_event_loop([&] { ran = true; }), 0) << "CL-024";
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

TEST(event_loop,
     exit_ends_it_with_everything_open_and_pending_timers_never_fire_CL_014_CL_015_CL_016_CL_019) {
  bool fired = false;
  const door unanswered;
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  start_event_loop([&] {
    tcp_server("127.0.0.1", 0, {});
    tcp_connect("127.0.0.1", unanswered.port(), {});
    delay([&] { fired = true; }, {.time = std::chrono::hours(1)});
    interval([&] { fired = true; }, std::chrono::hours(1));
    make_event([&] { fired = true; });
    make_notifier([&] { fired = true; });
    signal_handler(SIGUSR2, [&](int) { fired = true; });
    idle([] { exit_event_loop(); });
    poll(pipe[0], [&](poll_events) { fired = true; }, {.poll_for = {.readable = true}});
    fs_watch("/", [&](fs_monitor&, const std::string&, bool, bool) {});
    spawn("cat", {}, {.input = redirection::pipe()});
  });
  EXPECT_FALSE(fired);
  for (const int end : pipe) ::close(end);
}

TEST(event_loop, exit_without_a_loop_is_nothing_CL_011) {
  exit_event_loop();
}

TEST(event_loop, exit_lets_the_callback_and_others_that_are_due_run_to_their_end_CL_010) {
  std::vector<int> order;
  start_event_loop([&] {
    delay([&] {
      exit_event_loop();
      order.push_back(1);
    });
    delay([&] { order.push_back(2); });
    delay([&] { order.push_back(3); }, {.time = std::chrono::hours(1)});
  });
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(event_loop, with_event_loop_is_the_same_CL_008_and_options_are_two_CL_002) {
  std::string told;
  EXPECT_EQ(with_event_loop({.catch_app_errors = [&](const std::exception& error) { told = error.what(); },
                             .send_errors_to_eventcb = false},
                            [] { throw std::runtime_error("body"); }),
            0);
  EXPECT_EQ(told, "body");
}

TEST(event_loop, loops_of_threads_are_independent_and_have_numbers_CL_005_CL_006) {
  std::uint64_t inner = 0;
  start_event_loop([&] {
    const std::uint64_t outer = event_loop_id();
    const helper other([&] {
      start_event_loop([&] {
        inner = event_loop_id();
        EXPECT_THAT(running_event_loops(), testing::IsSupersetOf({outer, inner}));
        exit_event_loop();
      });
    });
  });
  EXPECT_NE(inner, 0U);
  EXPECT_THAT(running_event_loops(), testing::Not(testing::Contains(inner)));
}

TEST(event_loop, dumps_its_handles_CL_022) {
  std::FILE* file = std::tmpfile();
  start_event_loop([&] {
    tcp_server("127.0.0.1", 0, {});
    dump_event_loop_status(file);
    exit_event_loop();
  });
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  static_cast<void>(std::fclose(file));
  EXPECT_THAT(text, testing::HasSubstr("tcp"));
}

TEST(event_loop, a_close_cb_that_connects_again_does_not_keep_it_from_ending_CL_014) {
  int connects = 0;
  std::function<void()> again;
  const door server;
  start_event_loop([&] {
    again = [&] {
      ++connects;
      tcp_connect("127.0.0.1", server.port(), {},
                  {.close_cb = [&](socket&, const event_error*) { again(); }});
    };
    again();
    exit_event_loop();
  });
  EXPECT_EQ(connects, 2) << "the second attempt is refused, since the loop is being left";
}

TEST(event_loop, exit_waits_for_a_graceful_close_that_the_peer_lets_end_CL_017) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.keep_running = true;
  play.on_connect = [](socket& which) {
    write_socket_data(which, std::string(8U << 20U, 'x'));
    close_socket(which);
    exit_event_loop();
  };
  play.loop_options.exit_grace = std::chrono::seconds(60);
  std::size_t size = 0;
  play.play([&](peer& client) { size = client.read_all().size(); });
  EXPECT_EQ(size, 8U << 20U);
  EXPECT_EQ(play.log.back(), "close none");
}

TEST(event_loop, exit_with_a_graceful_close_that_is_stuck_does_not_hang_CL_017) {
  scene play;
  play.loop_options.exit_grace = std::chrono::milliseconds(5);
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

TEST(event_loop, counts_its_connections_and_lookups_CL_020_CL_021) {
  scene play;
  play.keep_running = true;
  play.on_connect = [](socket& which) {
    EXPECT_EQ(stats().incoming_tcp_connections, 1);
    close_socket(which);
    EXPECT_EQ(stats().incoming_tcp_connections, 0);
    close_socket(which);
    EXPECT_EQ(stats().incoming_tcp_connections, 0) << "once, however often it is closed";
    const auto client = tcp_connect("127.0.0.1", 1, {});
    EXPECT_EQ(stats().outgoing_tcp_connections, 1);
    EXPECT_GT(stats().fn_registry_count, 0U);
    EXPECT_GT(stats().data_registry_count, 0U);
    close_socket(*client);
    EXPECT_EQ(stats().outgoing_tcp_connections, 0);
    dns_lookup("127.0.0.1", [](const std::string&, address_family) { exit_event_loop(); });
    EXPECT_EQ(stats().open_dns_queries, 1);
  };
  play.play([](peer& client) { client.read_all(); });
}

TEST(event_loop, exit_cuts_open_connections_with_one_streamish_canceled_for_each_request_CL_018) {
  scene play;
  play.keep_running = true;
  play.options.high_water = 100U << 20U;
  play.on_connect = [](socket& which) {
    write_socket_data(which, std::string(8U << 20U, 'x'), {.force = true});
    write_socket_data(which, "behind it", {.force = true});
    exit_event_loop();
    write_socket_data(which, "gathered only");
  };
  play.play([&](peer&) { wait_for(play.over); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event streamish-canceled closed",
                                    "event streamish-canceled closed", "close none"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
