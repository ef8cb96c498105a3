#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace antiphon::cl_async_style::test
