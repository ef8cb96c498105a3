#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;

class Executors : public testing::Test, protected Bench {};
using executors = Executors;

/// Notes what it is asked; runs everything at once, on the caller's thread.
class Recording final : public Executor {
 public:
  explicit Recording(Trace& trace) : trace_(&trace) {}
  void submit(std::function<void()> work) override {
    trace_->add("submit");
    work();
  }
  void shutdown(bool wait, bool cancel_pending) override {
    trace_->add(std::string("shutdown") + (wait ? " wait" : "") + (cancel_pending ? " cancel" : ""));
  }

 private:
  Trace* trace_;
};

TEST_F(executors, the_default_one_can_be_replaced_and_is_shut_down_by_close) {
  loop.set_default_executor(std::make_shared<Recording>(trace));
  EXPECT_EQ(loop.run_until_complete(loop.run_in_executor([] { return 42; })), 42);
  loop.close();
  EXPECT_THAT(events(), ElementsAre("submit", "shutdown wait cancel"));
}

TEST_F(executors, one_may_be_given_for_a_single_call) {
  const auto own = std::make_shared<ThreadPoolExecutor>(1);
  const auto here = std::this_thread::get_id();
  const auto there =
      loop.run_until_complete(loop.run_in_executor(own, [] { return std::this_thread::get_id(); }));
  EXPECT_NE(here, there);
  EXPECT_EQ(loop.run_until_complete(loop.run_in_executor(own, [] { return std::this_thread::get_id(); })),
            there);
}

TEST_F(executors, null_is_refused_as_the_default) {
  EXPECT_EQ(describe(thrown_by([&] { loop.set_default_executor(nullptr); })),
            "TypeError: executor must not be null");
}

TEST_F(executors, shutting_the_default_one_down_waits_without_blocking_the_loop) {
  std::promise<void> may_end;
  const auto blocked = loop.run_in_executor([ready = may_end.get_future().share()] { ready.wait(); });
  const auto over = loop.create_task(loop.shutdown_default_executor());
  turn();
  EXPECT_FALSE(over.done());
  may_end.set_value();
  loop.run_until_complete(over);
  loop.run_until_complete(blocked);
  EXPECT_EQ(describe(thrown_by([&] { static_cast<void>(loop.run_in_executor([] {})); })),
            "RuntimeError: Executor shutdown has been called");
}

TEST_F(executors, a_pool_that_is_shut_down_takes_nothing_and_finishes_what_it_has) {
  std::atomic<int> ran = 0;
  ThreadPoolExecutor pool(2);
  for (int i = 0; i < 50; ++i) pool.submit([&] { ++ran; });
  pool.shutdown(true, false);
  EXPECT_EQ(ran, 50);
  pool.shutdown(true, false);  // harmless
  EXPECT_EQ(describe(thrown_by([&] { pool.submit([] {}); })),
            "RuntimeError: cannot schedule new futures after shutdown");
}

TEST_F(executors, a_job_of_a_users_pool_may_outlive_the_loop) {
  std::promise<void> may_end;
  const auto own = std::make_shared<ThreadPoolExecutor>(1);
  {
    EventLoop short_lived;
    static_cast<void>(
        short_lived.run_in_executor(own, [ready = may_end.get_future().share()] { ready.wait(); }));
  }
  may_end.set_value();
  own->shutdown(true, false);
}

}  // namespace
}  // namespace antiphon::asio_style::test
