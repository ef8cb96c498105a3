#include <gmock/gmock.h>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class Waiting : public testing::Test, protected Bench {
 protected:
  /// Sleeps, then gives `value`; notes its end, also an early one.
  Task<int> worker(std::string name, int value, EventLoop::Duration time = 0ns) {
    try {
      co_await sleep(time);
    } catch (const CancelledError&) {
      trace.add(name + " cancelled");
      throw;
    }
    trace.add(name + " done");
    co_return value;
  }
  Task<int> failing(std::string name, EventLoop::Duration time = 0ns) {
    co_await sleep(time);
    trace.add(name + " fails");
    throw ValueError(name);
  }
  /// Takes a cancellation and goes on to its end.
  Task<int> stubborn(Event& may_end) {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      trace.add("refuses");
    }
    co_await may_end.wait();
    co_return 7;
  }
  /// `task`, but not before `gate` is set.
  Task<int> behind(Event& gate, Task<int> task) {
    co_await gate.wait();
    co_return co_await task;
  }
  template <class T>
  std::string outcome(Task<T> task) {
    return describe(thrown_by([&] { loop.run_until_complete(std::move(task)); }));
  }
};
using wait_for_ = Waiting;
using gather_ = Waiting;
using shield_ = Waiting;
using event = Waiting;
using run_ = Waiting;

// ---- wait_for

TEST_F(wait_for_, what_is_done_in_time_gives_its_result) {
  EXPECT_EQ(loop.run_until_complete(wait_for(worker("a", 42), 1h)), 42);
  EXPECT_THAT(events(), ElementsAre("a done"));
}

TEST_F(wait_for_, what_is_late_is_cancelled_and_waited_for_before_the_timeout_is_thrown) {
  EXPECT_EQ(outcome(wait_for(worker("a", 42, 1h), 1ms)), "TimeoutError: not done within 0.001 seconds");
  EXPECT_THAT(events(), ElementsAre("a cancelled"));
}

TEST_F(wait_for_, no_time_at_all_cancels_what_is_not_done_already) {
  EXPECT_EQ(outcome(wait_for(worker("a", 42, 1h), 0ns)), "TimeoutError: not done within 0 seconds");
  EXPECT_THAT(events(), IsEmpty());  // it never began
  const Future<int> there(loop);
  there.set_result(7);
  EXPECT_EQ(loop.run_until_complete(wait_for(there, 0ns)), 7);
}

TEST_F(wait_for_, without_a_limit_it_only_waits) {
  EXPECT_EQ(loop.run_until_complete(wait_for(worker("a", 42), std::nullopt)), 42);
}

TEST_F(wait_for_, an_exception_comes_out_as_it_is) {
  EXPECT_EQ(outcome(wait_for(failing("a"), 1h)), "ValueError: a");
}

TEST_F(wait_for_, what_refuses_to_be_cancelled_is_waited_for_and_its_result_kept) {
  Event may_end;
  const auto waiting = loop.create_task(wait_for(stubborn(may_end), 1ms));
  run_until("refuses");
  turn();
  EXPECT_FALSE(waiting.done());
  may_end.set();
  EXPECT_EQ(loop.run_until_complete(waiting), 7);
}

TEST_F(wait_for_, cancelling_the_waiter_cancels_and_awaits_what_it_waits_for) {
  const auto waiting = loop.create_task(wait_for(worker("a", 42, 1h), 1h));
  turn();
  waiting.cancel();
  EXPECT_EQ(outcome([](Future<int> of) -> Task<int> { co_return co_await of; }(waiting)), "CancelledError");
  EXPECT_THAT(events(), ElementsAre("a cancelled"));
}

TEST_F(wait_for_, its_timer_does_not_outlive_it) {
  const Future<> answer(loop);
  loop.call_soon([&] { answer.set_result(); });
  loop.run_until_complete(wait_for(answer, 1h));
  EXPECT_EQ(answer.done(), true);
  bool idle = false;
  loop.call_later(1ms, [&] {
    idle = true;
    loop.stop();
  });
  loop.run_forever();
  EXPECT_TRUE(idle);
}

// ---- gather, wait

TEST_F(gather_, coroutines_run_side_by_side_and_results_keep_the_order_of_the_arguments) {
  const auto [a, b, c] =
      loop.run_until_complete(gather(worker("a", 1, 3ms), worker("b", 2), [](Trace& into) -> Task<void> {
        into.add("c done");
        co_return;
      }(trace)));
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 2);
  static_cast<void>(c);  // std::monostate stands for void
  EXPECT_THAT(events(), ElementsAre("c done", "b done", "a done"));
}

TEST_F(gather_, any_number_of_one_kind) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(worker(std::to_string(i), i * i));
  EXPECT_THAT(loop.run_until_complete(gather(std::move(tasks))), ElementsAre(0, 1, 4));
  EXPECT_THAT(loop.run_until_complete(gather(std::vector<Task<int>>())), IsEmpty());
}

TEST_F(gather_, the_first_failure_comes_out_at_once_and_the_others_run_on) {
  Event go_on;
  auto a = behind(go_on, worker("a", 1));
  auto c = behind(go_on, failing("c"));
  EXPECT_EQ(outcome(gather(std::move(a), failing("b"), std::move(c))), "ValueError: b");
  EXPECT_THAT(events(), ElementsAre("b fails"));
  go_on.set();
  run_until("a done");
  turn();
  EXPECT_EQ(trace.count("handler"), 0U);  // what c threw is dropped, not reported
  EXPECT_EQ(trace.count("c fails"), 1U);
}

TEST_F(gather_, cancelling_cancels_all_and_waits_for_them) {
  const auto all = loop.create_task(gather(worker("a", 1, 1h), worker("b", 2, 1h)));
  turn();
  all.cancel();
  turn();
  EXPECT_TRUE(all.cancelled());
  EXPECT_THAT(events(), ElementsAre("a cancelled", "b cancelled"));
}

TEST_F(gather_, wait_throws_nothing_and_leaves_the_outcomes_to_be_asked_for) {
  const std::vector futures = {loop.create_task(failing("a")), loop.create_task(worker("b", 2, 1ms))};
  loop.run_until_complete(wait(futures));
  EXPECT_EQ(describe(futures[0].exception()), "ValueError: a");
  EXPECT_EQ(futures[1].result(), 2);
}

TEST_F(gather_, closing_the_loop_meanwhile_frees_everything) {
  const auto held = std::make_shared<int>(1);
  static_cast<void>(
      loop.create_task(gather([](std::shared_ptr<int>) -> Task<void> { co_await sleep(1h); }(held),
                              [](std::shared_ptr<int>) -> Task<void> { co_await sleep(1h); }(held))));
  turn();
  EXPECT_GT(held.use_count(), 1);
  loop.close();
  EXPECT_EQ(held.use_count(), 1);
}

// ---- shield

TEST_F(shield_, cancelling_the_waiter_does_not_reach_what_is_inside) {
  const auto inner = loop.create_task(worker("a", 42, 1ms));
  const auto outer = shield(inner);
  outer.cancel();
  EXPECT_EQ(loop.run_until_complete(inner), 42);
  EXPECT_TRUE(outer.cancelled());
}

TEST_F(shield_, results_exceptions_and_cancellations_come_through) {
  EXPECT_EQ(loop.run_until_complete(shield(loop.create_task(worker("a", 42)))), 42);
  EXPECT_EQ(describe(thrown_by([&] { loop.run_until_complete(shield(loop.create_task(failing("b")))); })),
            "ValueError: b");
  const auto inner = loop.create_task(worker("c", 1, 1h));
  const auto outer = shield(inner);
  turn();
  inner.cancel();
  turn();
  EXPECT_TRUE(outer.cancelled());
}

TEST_F(shield_, a_time_limit_may_pass_while_the_work_goes_on) {
  const auto inner = loop.create_task(worker("a", 42, 5ms));
  EXPECT_EQ(outcome(wait_for(shield(inner), 0ns)), "TimeoutError: not done within 0 seconds");
  EXPECT_EQ(loop.run_until_complete(inner), 42);
}

// ---- Event

TEST_F(event, wakes_all_who_wait_and_lets_later_ones_pass) {
  Event happened;
  const auto waiter = [this](Event& of, std::string name) -> Task<void> {
    co_await of.wait();
    trace.add(name);
  };
  const std::vector waiting = {loop.create_task(waiter(happened, "a")),
                               loop.create_task(waiter(happened, "b"))};
  turn();
  EXPECT_FALSE(happened.is_set());
  happened.set();
  loop.run_until_complete(wait(waiting));
  loop.run_until_complete(waiter(happened, "c"));
  EXPECT_THAT(events(), ElementsAre("a", "b", "c"));
  happened.clear();
  const auto again = loop.create_task(waiter(happened, "d"));
  turn();
  EXPECT_FALSE(again.done());
  again.cancel();
  turn();
  EXPECT_TRUE(again.cancelled());
  happened.set();  // nobody is left
}

// ---- run

TEST_F(run_, tasks_that_are_left_are_cancelled_and_waited_for) {
  Trace record;
  const auto straggler = [](Trace& into) -> Task<void> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      into.add("cancelled");
    }
    co_await sleep(1ms);
    into.add("ended");
  };
  const int value = run([](auto other, Trace& into) -> Task<int> {
    static_cast<void>(get_running_loop().create_task(other(into)));
    co_await sleep(0ns);
    co_return 42;
  }(straggler, record));
  EXPECT_EQ(value, 42);
  EXPECT_THAT(record.events(), ElementsAre("cancelled", "ended"));
}

TEST_F(run_, an_exception_comes_out_after_the_rest_was_cancelled) {
  Trace record;
  EXPECT_THROW(run([](Trace& into) -> Task<void> {
                 static_cast<void>(get_running_loop().create_task([](Trace& inside) -> Task<void> {
                   try {
                     co_await sleep(1h);
                   } catch (const CancelledError&) {
                     inside.add("cancelled");
                     throw;
                   }
                 }(into)));
                 co_await sleep(0ns);
                 throw ValueError("boom");
               }(record)),
               ValueError);
  EXPECT_THAT(record.events(), ElementsAre("cancelled"));
}

}  // namespace
}  // namespace antiphon::asio_style::test
