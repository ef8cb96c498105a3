#include <gmock/gmock.h>

#include <algorithm>

#include "loop_core.hpp"
#include "support.hpp"
#include "timer_queue.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class Timers : public testing::Test {
 protected:
  [[nodiscard]] std::function<void()> note(std::string text) {
    return [this, text = std::move(text)] { seen.push_back(text); };
  }
  std::vector<std::string> seen;
  EventLoop loop;
};
using timers = Timers;

TEST_F(timers, a_timer_never_runs_early_AS_268) {
  const auto started = loop.time();
  TimePoint ran{};
  loop.call_later(3ms, [&] {
    ran = loop.time();
    loop.stop();
  });
  loop.run_forever();
  EXPECT_GE(ran - started, 3ms);
}

TEST_F(timers, a_delay_beyond_the_clock_means_never_AS_268) {
  const auto never = loop.call_later(EventLoop::Duration::max(), note("never"));
  EXPECT_EQ(never.when(), TimePoint::max());
  loop.call_later(1ms, [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(timers, timers_run_in_the_order_of_their_due_times_AS_269) {
  const auto now = loop.time();
  loop.call_at(now + 3ms, note("3"));
  loop.call_at(now + 1ms, note("1"));
  loop.call_at(now + 2ms, note("2"));
  loop.call_at(now + 4ms, [&] { loop.stop(); });
  std::this_thread::sleep_for(6ms);  // all are overdue, so that they come in one turn
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("1", "2", "3"));
}

// The trace timer_zero_vs_soon.
TEST_F(timers, no_delay_means_the_next_turn_behind_call_soon_AS_270) {
  loop.call_soon([&] {
    loop.call_soon(note("s1"));
    loop.call_later(0ms, note("t0"));
    loop.call_later(-1s, note("t-neg"));
    loop.call_soon(note("s2"));
    loop.call_soon([&] { loop.call_soon([&] { loop.stop(); }); });
  });
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("s1", "s2", "t-neg", "t0"));
}

TEST_F(timers, a_timer_set_without_delay_by_a_timer_waits_for_the_next_turn_AS_270) {
  loop.call_later(0ms, [&] {
    seen.emplace_back("outer");
    loop.call_later(0ms, note("inner"));
    loop.call_soon(note("soon"));
  });
  loop.call_later(0ms, [&] { seen.emplace_back("neighbour"); });
  loop.call_later(1ms, [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("outer", "neighbour", "soon", "inner"));
}

TEST_F(timers, a_cancelled_timer_does_not_run_and_does_not_hold_the_loop_AS_267) {
  auto captured = std::make_shared<int>(1);
  TimerHandle never = loop.call_later(1ms, [captured, this] { seen.emplace_back("cancelled"); });
  never.cancel();
  never.cancel();
  EXPECT_EQ(captured.use_count(), 1);
  loop.call_later(5ms, [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_TRUE(seen.empty());
}

TEST_F(timers, a_timer_cancelled_by_its_neighbour_of_the_same_turn_does_not_run_AS_267) {
  TimerHandle second;
  const auto now = loop.time();
  loop.call_at(now, [&] { second.cancel(); });
  second = loop.call_at(now + 1ns, note("second"));
  loop.call_at(now + 2ns, [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_TRUE(seen.empty());
}

TEST_F(timers, an_earlier_timer_set_later_is_not_delayed_by_the_first) {
  loop.call_later(1h, note("in an hour"));
  loop.call_later(2ms, [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_TRUE(seen.empty());
}

TEST_F(timers, the_handle_knows_its_time) {
  const auto when = loop.time() + 1h;
  EXPECT_EQ(loop.call_at(when, [] {}).when(), when);
}

TEST_F(timers, the_clock_does_not_go_back_AS_275) {
  const auto first = loop.time();
  EXPECT_GE(loop.time(), first);
}

TEST_F(timers, ten_thousand_timers_come_in_order_AS_269) {
  constexpr int count = 10000;
  std::vector<int> order;
  const auto now = loop.time();
  for (int i = 0; i < count; ++i) {
    const int due = (i * 7919) % count;  // each number once, in disorder
    loop.call_at(now + std::chrono::nanoseconds(due), [&order, due] { order.push_back(due); });
  }
  loop.call_at(now + std::chrono::nanoseconds(count), [&] { loop.stop(); });
  loop.run_forever();
  ASSERT_EQ(order.size(), std::size_t{count});
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(timers_and_connections, a_timer_runs_although_its_connection_is_gone_AS_276) {
  Bench bench;
  bench.hooks.connection_made = [&](Scripted& self) {
    bench.loop.call_later(2ms, [&] { bench.trace.add("kept"); });
    auto cancelled = bench.loop.call_later(1ms, [&] { bench.trace.add("cancelled"); });
    bench.loop.call_later(0ms, [&] { bench.trace.add("zero"); });
    self.transport->close();
    cancelled.cancel();
  };
  bench.listen();
  const Peer peer(bench.port());
  bench.run_until("kept");
  EXPECT_THAT(bench.events(), ElementsAre("CM", "CL None", "zero", "kept"));
}

TEST(timer_queue, cancelled_timers_do_not_pile_up) {
  detail::TimerQueue queue;
  const auto far = Clock::now() + 1h;
  for (int i = 0; i < 100000; ++i) {
    auto handle = std::make_shared<detail::HandleState>([] {}, "test");
    handle->when = far;
    handle->cancelled = true;
    queue.add(std::move(handle));
  }
  EXPECT_LE(queue.size(), 128U);
}

TEST(timer_queue, the_next_time_skips_cancelled_timers) {
  detail::TimerQueue queue;
  EXPECT_EQ(queue.next(), TimePoint::max());
  const auto now = Clock::now();
  auto first = std::make_shared<detail::HandleState>([] {}, "test");
  auto second = std::make_shared<detail::HandleState>([] {}, "test");
  first->when = now;
  second->when = now + 1s;
  queue.add(first);
  queue.add(second);
  EXPECT_EQ(queue.next(), now);
  first->cancelled = true;
  EXPECT_EQ(queue.next(), now + 1s);
}

}  // namespace
}  // namespace antiphon::asio_style::test
