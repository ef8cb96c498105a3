// Pauses end in the order of their lengths, and only when nothing happens any more.

#include "asyncio/timekeeper.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace antiphon::asyncio_replay {
namespace {

using std::chrono::milliseconds;

struct Clocked {
  std::atomic<std::uint64_t> revision{0};
  Timekeeper time{[this] { return revision.load(); }};

  void tick(int times) {
    for (int i = 0; i < times; ++i) time.tick();
  }
  /// Ticks until `fn` is true; the limit is only against a hang.
  template <class Fn>
  bool tick_until(Fn fn) {
    const auto limit = Timekeeper::Clock::now() + std::chrono::seconds(30);
    while (!fn() && Timekeeper::Clock::now() < limit) {
      time.tick();
      std::this_thread::sleep_for(milliseconds(1));
    }
    return fn();
  }
};

TEST(timekeeper, a_pause_lasts_its_real_time_at_least) {
  Clocked clock;
  const auto begin = Timekeeper::Clock::now();
  const auto ticket = clock.time.enter(milliseconds(20));
  clock.tick(10);
  ASSERT_TRUE(clock.tick_until([&] { return clock.time.is_over(ticket); }));
  EXPECT_GE(Timekeeper::Clock::now() - begin, milliseconds(20));
}

TEST(timekeeper, the_shorter_pause_ends_first_however_late_the_ticks_are) {
  Clocked clock;
  const auto longer = clock.time.enter(milliseconds(5));
  const auto shorter = clock.time.enter(milliseconds(2));
  std::this_thread::sleep_for(milliseconds(30));  // both are past their time
  ASSERT_TRUE(clock.tick_until([&] { return clock.time.is_over(shorter); }));
  EXPECT_FALSE(clock.time.is_over(longer));
  clock.tick(10);
  EXPECT_FALSE(clock.time.is_over(longer)) << "who waited for the shorter one has not gone on yet";
  clock.time.leave(shorter);
  EXPECT_TRUE(clock.tick_until([&] { return clock.time.is_over(longer); }));
}

TEST(timekeeper, nothing_ends_while_something_happens) {
  Clocked clock;
  const auto ticket = clock.time.enter(milliseconds(0));
  for (int i = 0; i < 20; ++i) {
    ++clock.revision;
    clock.time.tick();
  }
  EXPECT_FALSE(clock.time.is_over(ticket));
  EXPECT_TRUE(clock.tick_until([&] { return clock.time.is_over(ticket); }));
}

TEST(timekeeper, nothing_ends_while_a_peer_works) {
  Clocked clock;
  clock.time.join();
  const auto ticket = clock.time.enter(milliseconds(0));
  clock.tick(20);
  EXPECT_FALSE(clock.time.is_over(ticket));
  bool ready = false;
  {
    const Timekeeper::Parked parked(clock.time, [&] { return !ready; });
    ready = true;  // what it waits for is there, it just has not woken up yet
    clock.tick(20);
    EXPECT_FALSE(clock.time.is_over(ticket));
    ready = false;
    clock.tick(20);
    EXPECT_TRUE(clock.time.is_over(ticket));
  }
  clock.time.quit();
}

TEST(timekeeper, sleepers_on_threads_wake_in_order) {
  Clocked clock;
  std::vector<int> woken;
  std::vector<std::thread> threads;
  for (const int length : {9, 3, 6}) {
    clock.time.join();
    threads.emplace_back([&clock, &woken, length] {
      clock.time.sleep(milliseconds(length));
      woken.push_back(length);  // one at a time: that is what is tested
      clock.time.quit();
    });
  }
  std::atomic<bool> done{false};
  std::thread ticking([&] {
    while (!done) {
      clock.time.tick();
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  for (auto& thread : threads) thread.join();
  done = true;
  ticking.join();
  EXPECT_EQ(woken, (std::vector{3, 6, 9}));
}

TEST(timekeeper, release_ends_every_pause) {
  Clocked clock;
  std::thread sleeper([&] { clock.time.sleep(std::chrono::hours(1)); });
  clock.time.release();
  sleeper.join();
  EXPECT_TRUE(clock.time.is_over(clock.time.enter(std::chrono::hours(1))));
}

}  // namespace
}  // namespace antiphon::asyncio_replay
