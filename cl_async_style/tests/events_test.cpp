#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

TEST(events, delays_of_the_same_time_fire_in_the_order_of_their_making_CL_201) {
  std::vector<int> order;
  start_event_loop([&] {
    delay([&] { order.push_back(3); }, {.time = milliseconds(2)});
    delay([&] { order.push_back(4); }, {.time = milliseconds(2)});
    delay([&] { order.push_back(1); });
    delay([&] { order.push_back(2); });
    EXPECT_TRUE(order.empty()) << "CL-200";
  });
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
}

TEST(events, a_freed_delay_does_not_fire_and_a_second_free_is_an_error_CL_203) {
  start_event_loop([] {
    for (const milliseconds time : {milliseconds(0), milliseconds(1)}) {
      const auto never = delay([] { FAIL(); }, {.time = time});
      free_event(*never);
      EXPECT_TRUE(event_freed_p(*never));
      EXPECT_THROW(free_event(*never), event_freed);
    }
    auto fired = std::make_shared<std::shared_ptr<event>>();
    *fired = delay([fired] { EXPECT_THROW(free_event(**fired), event_freed); }, {.time = milliseconds(1)});
  });
}

TEST(events, an_unreferenced_delay_does_not_keep_the_loop_CL_023) {
  start_event_loop([] { unref(*delay([] { FAIL(); }, {.time = std::chrono::hours(1)})); });
}

TEST(events, an_interval_repeats_until_cancelled_also_from_inside_CL_205_and_after_an_error_CL_206) {
  int calls = 0;
  start_event_loop(
      [&] {
        auto cancel = std::make_shared<std::function<void()>>();
        *cancel = interval(
            [&calls, cancel] {
              if (++calls == 3) (*cancel)();
              if (calls == 1) throw std::runtime_error("once");
            },
            milliseconds(1));
      },
      {.catch_app_errors = [](const std::exception&) {}});
  EXPECT_EQ(calls, 3);
}

// CL-217: the numbers are <csignal>'s.
TEST(events, a_signal_is_told_each_time_until_freed_CL_215) {
  int count = 0;
  start_event_loop([&] {
    signal_handler(SIGUSR1, [](int) { FAIL() << "replaced (CL-216)"; });
    signal_handler(SIGUSR1, [&](int number) {
      EXPECT_EQ(number, SIGUSR1);
      if (++count == 2)
        free_signal_handler(SIGUSR1);
      else
        std::raise(SIGUSR1);
    });
    std::raise(SIGUSR1);
  });
  EXPECT_EQ(count, 2);
  start_event_loop([] { EXPECT_THROW(signal_handler(SIGKILL, [](int) {}), event_error); });
}

// CL-235: it is the only one that may.
TEST(events, a_notifier_calls_in_the_loop_from_another_thread_CL_222) {
  std::thread thread;
  std::thread::id called;
  std::shared_ptr<notifier> bell;
  start_event_loop([&] {
    bell = make_notifier([&] { called = std::this_thread::get_id(); });
    thread = std::thread([&] { trigger_notifier(*bell); });
  });
  thread.join();
  EXPECT_EQ(called, std::this_thread::get_id());
  EXPECT_THROW(trigger_notifier(*bell), notifier_freed);
}

TEST(events, remove_event_stops_and_add_event_starts_again_CL_204) {
  std::vector<std::string> log;
  start_event_loop([&] {
    const auto stopped = delay([&] { log.emplace_back("never"); });
    remove_event(*stopped);
    EXPECT_FALSE(event_freed_p(*stopped));
    const auto restarted = make_event([&] { log.emplace_back("restarted"); });
    add_event(*restarted, milliseconds(4));
    const auto at_once = delay([&] { log.emplace_back("at once"); }, {.time = std::chrono::hours(1)});
    add_event(*at_once, milliseconds(0));
    const auto later = delay([&] { log.emplace_back("later"); });
    add_event(*later, milliseconds(2));
    delay(
        [later, at_once] {
          EXPECT_TRUE(event_freed_p(*later));
          try {
            add_event(*at_once, milliseconds(1));
            ADD_FAILURE() << "nothing thrown";
          } catch (const event_freed& error) {
            EXPECT_EQ(error.event_freed_event(), at_once) << "CL-059";
            EXPECT_EQ(error.event_errcode(), 0);
          }
          EXPECT_THROW(remove_event(*later), event_freed);
        },
        {.time = milliseconds(8)});
  });
  EXPECT_THAT(log, ElementsAre("at once", "later", "restarted"));
}

TEST(events, with_delay_and_with_interval_are_notation_CL_208) {
  int calls = 0;
  start_event_loop([&] {
    with_delay(milliseconds(1), [&] { ++calls; });
    auto cancel = std::make_shared<std::function<void()>>();
    *cancel = with_interval(milliseconds(1), [&calls, cancel] {
      ++calls;
      remove_interval(*cancel);
    });
  });
  EXPECT_EQ(calls, 2);
}

TEST(events, delays_count_from_the_loops_time_so_that_blocking_makes_them_early_CL_209) {
  std::vector<std::string> log;
  start_event_loop([&] {
    std::this_thread::sleep_for(milliseconds(60));
    delay([&] { log.emplace_back("due"); }, {.time = milliseconds(50)});
    idle([&] {  // in each iteration, after the timers that are due
      log.emplace_back("iteration");
      if (log.size() > 1) exit_event_loop();
    });
  });
  EXPECT_THAT(log, ElementsAre("iteration", "due", "iteration"));
}

TEST(events, a_delay_of_no_time_that_asks_for_itself_again_does_not_starve_sockets_CL_202) {
  scene play;
  int rounds = 0;
  bool stop = false;
  std::function<void()> again = [&] {
    ++rounds;
    if (!stop) delay(again);
  };
  play.on_connect = [&](socket&) { again(); };
  play.on_read = [&](socket& which, std::string_view) {
    stop = true;
    close_socket(which);
  };
  play.play([](peer& client) {
    client.send("still heard");
    client.read_all();
  });
  EXPECT_GT(rounds, 0);
}

TEST(events, a_cancelled_interval_leaves_no_handle_CL_207) {
  start_event_loop([] {
    const std::size_t before = stats().data_registry_count;
    const auto cancel = interval([] {}, milliseconds(1));
    EXPECT_EQ(stats().data_registry_count, before + 1);
    cancel();
    cancel();
    delay([before] { EXPECT_EQ(stats().data_registry_count, before + 1) << "only this delay's own"; },
          {.time = milliseconds(2)});
  });
}

TEST(events, signals_are_restored_when_freed_cleared_or_left_CL_216) {
  const auto disposition = [](int signo) {
    struct sigaction now {};
    sigaction(signo, nullptr, &now);
    return now.sa_handler;
  };
  std::signal(SIGUSR1, SIG_IGN);
  start_event_loop([&] {
    signal_handler(SIGUSR1, [](int) {});
    EXPECT_NE(disposition(SIGUSR1), SIG_IGN);
    clear_signal_handlers();
    EXPECT_NE(disposition(SIGUSR1), SIG_ERR);
    signal_handler(SIGUSR2, [](int) {});
    exit_event_loop();
  });
  EXPECT_EQ(disposition(SIGUSR2), SIG_DFL);
  std::signal(SIGUSR1, SIG_DFL);
}

TEST(events, an_idler_is_called_each_iteration_until_freed_CL_220) {
  int calls = 0;
  start_event_loop([&] {
    auto self = std::make_shared<std::shared_ptr<idler>>();
    *self = idle([&calls, self] {
      if (++calls < 3) return;
      free_idler(**self);
      free_idler(**self);
      EXPECT_TRUE(idler_freed_p(**self));
    });
    EXPECT_FALSE(idler_freed_p(**self));
  });
  EXPECT_EQ(calls, 3);
}

TEST(events, a_notifier_can_be_triggered_again_if_it_is_not_single_shot_CL_222) {
  int calls = 0;
  start_event_loop([&] {
    auto bell = std::make_shared<std::shared_ptr<notifier>>();
    *bell = make_notifier(
        [&calls, bell] {
          EXPECT_FALSE(notifier_freed_p(**bell));
          if (++calls < 3)
            trigger_notifier(**bell);
          else
            free_notifier(**bell);
        },
        {.single_shot = false});
    trigger_notifier(**bell);
    const auto forgotten = make_notifier([] { ADD_FAILURE(); });
    unref(*forgotten);  // CL-023
    ref(*forgotten);
    unref(*forgotten);
  });
  EXPECT_EQ(calls, 3);
}

TEST(events, triggers_of_a_freed_notifier_name_it_CL_059) {
  start_event_loop([] {
    const auto bell = make_notifier([] {});
    free_notifier(*bell);
    try {
      trigger_notifier(*bell);
      ADD_FAILURE() << "nothing thrown";
    } catch (const notifier_freed& error) {
      EXPECT_EQ(error.notifier_freed_notifier(), bell);
    }
  });
}

TEST(events, a_poller_tells_what_a_descriptor_is_ready_for_CL_224) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  std::vector<std::string> log;
  start_event_loop([&] {
    auto watch = std::make_shared<std::shared_ptr<poller>>();
    *watch = poll(ends[0],
                  [&, watch](poll_events ready) {
                    log.emplace_back(std::string(ready.readable ? "r" : "-") + (ready.writable ? "w" : "-"));
                    if (ready.readable) {
                      free_poller(**watch);
                      EXPECT_TRUE(poller_freed_p(**watch));
                      free_poller(**watch);
                    } else {
                      EXPECT_EQ(::write(ends[1], "x", 1), 1);
                    }
                  },
                  {.socket = true});
  });
  for (const int end : ends) ::close(end);
  EXPECT_EQ(log.front(), "-w");
  EXPECT_EQ(log.back(), "rw");
  start_event_loop([] { EXPECT_THROW(poll(-1, [](poll_events) {}), event_error) << "CL-072"; });
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
