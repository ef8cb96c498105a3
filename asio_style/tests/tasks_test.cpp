#include <gmock/gmock.h>

#include <future>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class Tasks : public testing::Test {
 protected:
  std::vector<std::string> seen;
  EventLoop loop;
};
using tasks = Tasks;

Task<int> add(int a, int b) {
  co_return a + b;
}

TEST_F(tasks, an_awaited_coroutine_runs_at_once_in_its_caller) {
  const auto outer = [](std::vector<std::string>& log) -> Task<int> {
    log.emplace_back("before");
    const int sum = co_await add(20, 22);
    log.emplace_back("after");
    co_return sum;
  };
  EXPECT_EQ(loop.run_until_complete(outer(seen)), 42);
  EXPECT_THAT(seen, ElementsAre("before", "after"));
}

TEST_F(tasks, nothing_runs_before_a_task_is_awaited) {
  const auto lazy = [](std::vector<std::string>& log) -> Task<void> {
    log.emplace_back("ran");
    co_return;
  };
  { const auto dropped = lazy(seen); }
  EXPECT_TRUE(seen.empty());
}

TEST_F(tasks, a_future_resumes_its_waiter_in_a_later_turn) {
  const Future<int> answer(loop);
  const auto waiter = [](Future<int> from, std::vector<std::string>& log) -> Task<int> {
    const int value = co_await from;
    log.emplace_back("resumed");
    co_return value;
  };
  loop.call_soon([&] {
    answer.set_result(7);
    seen.emplace_back("completed");
  });
  EXPECT_EQ(loop.run_until_complete(waiter(answer, seen)), 7);
  EXPECT_THAT(seen, ElementsAre("completed", "resumed"));
}

TEST_F(tasks, a_future_is_completed_once) {
  const Future<int> answer(loop);
  EXPECT_EQ(type_name(thrown_by([&] { answer.result(); })), "InvalidStateError");
  answer.set_result(1);
  EXPECT_EQ(type_name(thrown_by([&] { answer.set_result(2); })), "InvalidStateError");
  EXPECT_FALSE(answer.cancel());
  EXPECT_EQ(answer.result(), 1);
}

TEST_F(tasks, an_exception_goes_through_awaits_to_the_top) {
  const auto inner = []() -> Task<int> {
    throw ValueError("deep");
    co_return 0;
  };
  const auto outer = [](auto make) -> Task<int> { co_return co_await make(); };
  EXPECT_EQ(describe(thrown_by([&] { loop.run_until_complete(outer(inner)); })), "ValueError: deep");
}

TEST_F(tasks, values_that_can_only_be_moved_are_results_too) {
  const auto make = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
  EXPECT_EQ(*loop.run_until_complete(make()), 5);
}

TEST_F(tasks, cancelling_a_task_reaches_it_where_it_waits) {
  const auto sleeper = [](EventLoop& on, std::vector<std::string>& log) -> Task<void> {
    try {
      co_await on.sleep(1h);
    } catch (const CancelledError&) {
      log.emplace_back("told");
      throw;
    }
  };
  const auto sleeping = loop.create_task(sleeper(loop, seen));
  loop.call_soon([&] { loop.call_soon([&] { EXPECT_TRUE(sleeping.cancel()); }); });
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(sleeping); })), "CancelledError");
  EXPECT_TRUE(sleeping.cancelled());
  EXPECT_THAT(seen, ElementsAre("told"));
}

TEST_F(tasks, a_task_cancelled_before_its_start_never_starts) {
  const auto body = [](std::vector<std::string>& log) -> Task<void> {
    log.emplace_back("started");
    co_return;
  };
  const auto task = loop.create_task(body(seen));
  task.cancel();
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(task); })), "CancelledError");
  EXPECT_TRUE(seen.empty());
}

TEST_F(tasks, a_task_may_refuse_to_be_cancelled) {
  const auto stubborn = [](EventLoop& on) -> Task<int> {
    try {
      co_await on.sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await on.sleep(0ms);
    co_return 3;
  };
  const auto task = loop.create_task(stubborn(loop));
  loop.call_later(0ms, [&] { task.cancel(); });
  EXPECT_EQ(loop.run_until_complete(task), 3);
}

TEST_F(tasks, a_task_cancelled_while_it_yields_sees_it_at_once) {
  const auto yielding = [](EventLoop& on, std::vector<std::string>& log) -> Task<void> {
    for (;;) {
      log.emplace_back("turn");
      co_await on.sleep(0ms);
    }
  };
  const auto task = loop.create_task(yielding(loop, seen));
  loop.call_soon([&] { task.cancel(); });
  EXPECT_NE(thrown_by([&] { loop.run_until_complete(task); }), nullptr);
  EXPECT_THAT(seen, ElementsAre("turn"));
}

TEST_F(tasks, a_task_that_waits_when_the_loop_closes_is_destroyed_there) {
  auto held = std::make_shared<int>(1);
  const auto waiter = [](EventLoop& on, std::shared_ptr<int> kept) -> Task<void> {
    co_await on.sleep(1h);
    ++*kept;
  };
  const auto task = loop.create_task(waiter(loop, held));
  loop.stop();
  loop.run_forever();
  EXPECT_EQ(held.use_count(), 2);
  loop.close();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(task.done());
}

TEST_F(tasks, an_exception_nobody_asked_for_is_reported_AS_287) {
  std::string reported;
  std::vector<std::string_view> keys;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
    reported = context.message + " / " + describe(context.exception) + " / " + context.future.value();
    keys = context.keys();
  });
  const auto fails = []() -> Task<void> {
    throw ValueError("unheard");
    co_return;
  };
  loop.create_task(fails());
  loop.run_until_complete(loop.sleep(0ms));
  loop.run_until_complete(loop.sleep(0ms));
  EXPECT_EQ(reported,
            "Task exception was never retrieved / ValueError: unheard / <Task finished exception=ValueError: "
            "unheard>");
  EXPECT_THAT(keys, ElementsAre("exception", "future", "message"));
  Future<>(loop).set_exception(std::make_exception_ptr(ValueError("unasked")));
  EXPECT_EQ(
      reported,
      "Future exception was never retrieved / ValueError: unasked / <Future finished exception=ValueError: "
      "unasked>");
}

TEST_F(tasks, waiting_outside_of_a_task_is_refused) {
  const Future<> never(loop);
  const auto waits = [](Future<> on) -> Task<void> { co_await on; };
  auto task = waits(never);
  task.coroutine().resume();  // driven by hand
  EXPECT_EQ(type_name(thrown_by([&] { task.result(); })), "RuntimeError");
}

TEST_F(tasks, blocking_work_runs_elsewhere_and_completes_here) {
  const auto here = std::this_thread::get_id();
  const auto work = [](EventLoop& on) -> Task<std::thread::id> {
    co_return co_await on.run_in_executor([] { return std::this_thread::get_id(); });
  };
  EXPECT_NE(loop.run_until_complete(work(loop)), here);
  const auto fails = loop.run_in_executor([]() -> int { throw ValueError("there"); });
  EXPECT_EQ(describe(thrown_by([&] { loop.run_until_complete(fails); })), "ValueError: there");
  loop.run_until_complete(loop.run_in_executor([] {}));
}

TEST_F(tasks, closing_with_work_elsewhere_is_safe) {
  std::promise<void> go;
  static_cast<void>(loop.run_in_executor([waits = go.get_future().share()] { waits.wait(); }));
  go.set_value();
  loop.close();  // the worker finds it closed, or delivers to nobody
  EXPECT_TRUE(loop.is_closed());
}

TEST_F(tasks, run_makes_a_loop_for_one_coroutine) {
  EXPECT_EQ(run([]() -> Task<int> {
              co_await get_running_loop().sleep(0ms);
              co_return 9;
            }()),
            9);
}

}  // namespace
}  // namespace antiphon::asio_style::test
