#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "loop_core.hpp"
#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

/// The reading end of a pipe, watched by the loop; tells when it is readable.
class PipeReader final : public detail::Watcher {
 public:
  PipeReader(EventLoop& loop, std::function<void()> readable)
      : core_(loop.core()), readable_(std::move(readable)) {
    if (::pipe(ends_.data()) != 0) throw std::runtime_error("pipe");
    core_.watchers().join(*this);
    core_.selector().watch(ends_[0], *this, detail::Selector::read);
  }
  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;
  ~PipeReader() override {
    core_.selector().forget(ends_[0]);
    core_.watchers().leave(*this);
    for (const int end : ends_) ::close(end);
  }
  void make_ready() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
  bool on_readable() override {
    std::array<char, 16> taken{};
    EXPECT_GT(::read(ends_[0], taken.data(), taken.size()), 0);
    readable_();
    return true;
  }
  void on_writable() override {}
  void loop_closed() override {}

 private:
  detail::LoopCore& core_;
  std::function<void()> readable_;
  std::array<int, 2> ends_{};
};

class LoopOrder : public testing::Test {
 protected:
  [[nodiscard]] std::function<void()> note(std::string text) {
    return [this, text = std::move(text)] { seen.push_back(text); };
  }
  [[nodiscard]] std::function<void()> stop() {
    return [this] { loop.stop(); };
  }
  std::vector<std::string> seen;
  EventLoop loop;
};

using loop_order = LoopOrder;

TEST_F(loop_order, callbacks_run_in_the_order_of_their_registration_AS_263) {
  loop.call_soon(note("a"));
  loop.call_soon(note("b"));
  loop.call_soon(note("c"));
  loop.call_soon(stop());
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
}

TEST_F(loop_order, a_callback_queued_by_a_callback_runs_in_the_next_turn_AS_264) {
  loop.call_soon([&] {
    seen.emplace_back("a");
    loop.call_soon(note("child of a"));
  });
  loop.call_soon(note("b"));
  loop.call_soon([&] { loop.call_soon(stop()); });
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("a", "b", "child of a"));
}

// The trace soon_io_timer_order: all three are due at one poll.
TEST_F(loop_order, queued_callbacks_then_io_then_due_timers_AS_265_AS_266) {
  PipeReader pipe(loop, note("io"));
  loop.call_soon([&] {
    loop.call_later(1ms, note("timer"));
    pipe.make_ready();
    loop.call_soon(note("soon"));
    std::this_thread::sleep_for(
        5ms);  // not to wait for anything: the timer is overdue afterwards, whatever happens
    loop.call_soon([&] { loop.call_soon(stop()); });
  });
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("soon", "io", "timer"));
}

TEST_F(loop_order, io_that_becomes_ready_in_a_turn_belongs_to_the_next_one_AS_265) {
  PipeReader late(loop, note("late"));
  PipeReader early(loop, [&] {
    seen.emplace_back("early");
    late.make_ready();
    loop.call_soon(note("soon"));
  });
  early.make_ready();
  loop.call_soon([] {});
  loop.call_later(0ms, note("timer"));
  loop.call_later(20ms, stop());
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("early", "timer", "soon", "late"));
}

TEST_F(loop_order, a_cancelled_callback_does_not_run_and_its_captures_are_freed_AS_267) {
  auto captured = std::make_shared<int>(1);
  Handle handle = loop.call_soon([captured, this] { seen.emplace_back("cancelled"); });
  loop.call_soon(note("kept"));
  handle.cancel();
  EXPECT_TRUE(handle.cancelled());
  EXPECT_EQ(captured.use_count(), 1);
  loop.call_soon(stop());
  loop.run_forever();
  handle.cancel();  // too late, twice
  EXPECT_THAT(seen, ElementsAre("kept"));
}

TEST_F(loop_order, a_callback_may_cancel_itself_and_its_neighbour_AS_267) {
  Handle self;
  Handle neighbour;
  self = loop.call_soon([&] {
    self.cancel();
    neighbour.cancel();
    seen.emplace_back("ran to its end");
  });
  neighbour = loop.call_soon(note("neighbour"));
  loop.call_soon(stop());
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("ran to its end"));
}

TEST_F(loop_order, a_callback_from_another_thread_wakes_the_loop_AS_272) {
  std::thread::id ran_on;
  std::thread other([&] {
    loop.call_soon_threadsafe([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run_forever();  // nothing else would ever end it
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(loop_order, callbacks_from_one_other_thread_keep_their_order_AS_272) {
  constexpr int count = 2000;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < count; ++i) loop.call_soon_threadsafe([&order, i] { order.push_back(i); });
    loop.call_soon_threadsafe(stop());
  });
  loop.run_forever();
  other.join();
  ASSERT_EQ(order.size(), std::size_t{count});
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(loop_order, threadsafe_and_plain_callbacks_share_one_queue_AS_272) {
  loop.call_soon(note("1"));
  loop.call_soon_threadsafe(note("2"));
  loop.call_soon(note("3"));
  loop.call_soon_threadsafe(note("4"));
  loop.call_soon([&] { loop.call_soon(stop()); });
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("1", "2", "3", "4"));
}

TEST_F(loop_order, many_turns_in_a_row_do_not_starve_other_io) {
  // A callback that always queues itself again must leave room for
  // what only Asio can tell, such as other threads.
  std::atomic<bool> heard = false;
  std::function<void()> again = [&] {
    if (!heard) loop.call_soon(again);
  };
  loop.call_soon(again);
  std::thread other([&] {
    loop.call_soon_threadsafe([&] {
      heard = true;
      loop.stop();
    });
  });
  loop.run_forever();
  other.join();
  EXPECT_TRUE(heard);
}

// ---- running and stopping: the trace loop_stop

TEST_F(loop_order, stop_finishes_the_turn_but_not_what_it_queued_AS_278) {
  loop.call_soon([&] {
    seen.emplace_back("a");
    loop.stop();
    loop.call_soon(note("queued by a"));
  });
  loop.call_soon(note("same turn"));
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("a", "same turn"));
  loop.stop();
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("a", "same turn", "queued by a"));  // AS-280
}

TEST_F(loop_order, stop_before_running_makes_exactly_one_turn_AS_279) {
  loop.call_soon([&] {
    seen.emplace_back("first");
    loop.call_soon(note("second"));
  });
  loop.stop();
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("first"));
}

TEST_F(loop_order, the_one_turn_after_an_early_stop_polls_without_waiting_AS_279) {
  PipeReader pipe(loop, note("io"));
  pipe.make_ready();
  loop.stop();
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("io"));
  loop.stop();
  loop.run_forever();  // with nothing to do at all it returns too
}

TEST_F(loop_order, stop_from_io_and_from_a_timer_ends_the_run_AS_278) {
  PipeReader pipe(loop, stop());
  pipe.make_ready();
  loop.run_forever();
  loop.call_later(1ms, stop());
  loop.run_forever();
}

TEST_F(loop_order, run_until_complete_gives_the_result_or_the_exception_AS_281) {
  const auto value = [](EventLoop& on) -> Task<int> {
    co_await on.sleep(0ms);
    co_return 42;
  };
  const auto raises = [](EventLoop& on) -> Task<int> {
    co_await on.sleep(0ms);
    throw ValueError("boom");
  };
  EXPECT_EQ(loop.run_until_complete(value(loop)), 42);
  EXPECT_EQ(describe(thrown_by([&] { loop.run_until_complete(raises(loop)); })), "ValueError: boom");
}

TEST_F(loop_order, run_until_complete_that_is_stopped_says_so_AS_281) {
  loop.call_soon(stop());
  const Future<int> never(loop);
  EXPECT_EQ(describe(thrown_by([&] { loop.run_until_complete(never); })),
            "RuntimeError: Event loop stopped before Future completed.");
}

TEST_F(loop_order, a_future_whose_run_was_stopped_does_not_stop_a_later_run_AS_280) {
  const Future<int> later(loop);
  loop.call_soon(stop());
  EXPECT_NE(thrown_by([&] { loop.run_until_complete(later); }), nullptr);
  loop.call_soon([&] {
    later.set_result(1);
    loop.call_soon(note("a"));
    loop.call_soon([&] {
      loop.call_soon(note("b"));
      loop.call_soon(stop());
    });
  });
  loop.run_forever();
  EXPECT_THAT(seen, ElementsAre("a", "b"));
}

TEST_F(loop_order, a_loop_can_not_run_in_a_running_loop_AS_282) {
  EventLoop other;
  std::string same;
  std::string inside;
  loop.call_soon([&] {
    same = describe(thrown_by([&] { loop.run_forever(); }));
    inside = describe(thrown_by([&] { other.run_forever(); }));
    loop.stop();
  });
  loop.run_forever();
  EXPECT_EQ(same, "RuntimeError: This event loop is already running");
  EXPECT_EQ(inside, "RuntimeError: Cannot run the event loop while another loop is running");
}

TEST_F(loop_order, close_while_running_is_refused_and_a_second_close_harmless_AS_283) {
  std::string refused;
  loop.call_soon([&] {
    refused = describe(thrown_by([&] { loop.close(); }));
    loop.stop();
  });
  loop.run_forever();
  EXPECT_EQ(refused, "RuntimeError: Cannot close a running event loop");
  loop.close();
  loop.close();
  EXPECT_TRUE(loop.is_closed());
}

TEST_F(loop_order, a_closed_loop_refuses_everything_but_the_time_AS_284) {
  loop.close();
  const std::string closed = "RuntimeError: Event loop is closed";
  EXPECT_EQ(describe(thrown_by([&] { loop.call_soon([] {}); })), closed);
  EXPECT_EQ(describe(thrown_by([&] { loop.call_later(1ms, [] {}); })), closed);
  EXPECT_EQ(describe(thrown_by([&] { loop.call_soon_threadsafe([] {}); })), closed);
  EXPECT_EQ(describe(thrown_by([&] { loop.run_forever(); })), closed);
  EXPECT_EQ(describe(thrown_by([&] { loop.run_until_complete(loop.sleep(1ms)); })), closed);
  EXPECT_GT(loop.time().time_since_epoch().count(), 0);
}

TEST_F(loop_order, closing_forgets_what_was_queued_AS_285) {
  auto captured = std::make_shared<int>(1);
  loop.call_soon([captured, this] { seen.emplace_back("soon"); });
  loop.call_later(0ms, [captured, this] { seen.emplace_back("timer"); });
  loop.call_soon_threadsafe([captured, this] { seen.emplace_back("threadsafe"); });
  loop.close();
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_TRUE(seen.empty());
}

TEST_F(loop_order, the_running_loop_is_known_on_its_thread_only) {
  EXPECT_NE(thrown_by([] { static_cast<void>(get_running_loop()); }), nullptr);
  EventLoop* found = nullptr;
  loop.call_soon([&] {
    found = &get_running_loop();
    loop.stop();
  });
  loop.run_forever();
  EXPECT_EQ(found, &loop);
}

}  // namespace
}  // namespace antiphon::asio_style::test
