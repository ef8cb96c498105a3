#include <gmock/gmock.h>

#include <csignal>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;

class Signals : public testing::Test, protected Bench {};
using signals = Signals;

TEST_F(signals, a_signal_becomes_an_ordinary_callback_AS_292) {
  loop.add_signal_handler(SIGUSR1, [this] { trace.add("signal"); });
  ::raise(SIGUSR1);
  trace.add("raised");
  run_until("signal");
  EXPECT_THAT(events(), ElementsAre("raised", "signal"));
}

TEST_F(signals, a_second_handler_replaces_the_first_AS_293) {
  loop.add_signal_handler(SIGUSR1, [this] { trace.add("first"); });
  loop.add_signal_handler(SIGUSR1, [this] { trace.add("second"); });
  ::raise(SIGUSR1);
  run_until("second");
  EXPECT_THAT(events(), ElementsAre("second"));
}

TEST_F(signals, two_signals_have_two_handlers_AS_292) {
  loop.add_signal_handler(SIGUSR1, [this] { trace.add("one"); });
  loop.add_signal_handler(SIGUSR2, [this] { trace.add("two"); });
  ::raise(SIGUSR2);
  run_until("two");
  ::raise(SIGUSR1);
  run_until("one");
  EXPECT_THAT(events(), ElementsAre("two", "one"));
}

TEST_F(signals, a_signal_that_comes_again_is_told_again_AS_292) {
  loop.add_signal_handler(SIGUSR1, [this] { trace.add("signal"); });
  ::raise(SIGUSR1);
  run_until("signal", 1);
  ::raise(SIGUSR1);
  run_until("signal", 2);
}

bool has_default_action(int signum) {
  struct sigaction now = {};
  ::sigaction(signum, nullptr, &now);
  return now.sa_handler == SIG_DFL;
}

TEST_F(signals, removing_tells_whether_there_was_one_and_restores_the_default_AS_294) {
  loop.add_signal_handler(SIGUSR1, [] {});
  EXPECT_FALSE(has_default_action(SIGUSR1));
  EXPECT_TRUE(loop.remove_signal_handler(SIGUSR1));
  EXPECT_TRUE(has_default_action(SIGUSR1));
  EXPECT_FALSE(loop.remove_signal_handler(SIGUSR1));
}

TEST_F(signals, impossible_signals_are_refused_AS_295) {
  const auto refused = [this](int signum) {
    return describe(thrown_by([&] { loop.add_signal_handler(signum, [] {}); }));
  };
  EXPECT_EQ(refused(9999), "ValueError: invalid signal number 9999");
  EXPECT_EQ(refused(0), "ValueError: invalid signal number 0");
  EXPECT_EQ(refused(SIGKILL), "RuntimeError: sig 9 cannot be caught");
  EXPECT_EQ(type_name(thrown_by([&] { loop.remove_signal_handler(-1); })), "ValueError");
}

TEST_F(signals, only_the_main_thread_may_have_handlers_AS_296) {
  std::string refused;
  std::thread([&] {
    refused = type_name(thrown_by([&] { loop.add_signal_handler(SIGUSR1, [] {}); }));
  }).join();
  EXPECT_EQ(refused, "RuntimeError");
  EXPECT_TRUE(has_default_action(SIGUSR1));
}

template <class Fn>
concept signal_handler = requires(EventLoop& loop, Fn fn) {
  loop.add_signal_handler(SIGUSR1, fn);
};

TEST_F(signals, a_coroutine_function_does_not_compile_as_a_handler_AS_297) {
  const auto plain = [] {};
  const auto coroutine = []() -> Task<void> { co_return; };
  EXPECT_TRUE(signal_handler<decltype(plain)>);
  EXPECT_FALSE(signal_handler<decltype(coroutine)>);
}

TEST_F(signals, closing_the_loop_removes_all_handlers_AS_298) {
  loop.add_signal_handler(SIGUSR1, [] {});
  loop.add_signal_handler(SIGUSR2, [] {});
  loop.close();
  EXPECT_TRUE(has_default_action(SIGUSR1));
  EXPECT_TRUE(has_default_action(SIGUSR2));
}

TEST_F(signals, an_exception_of_a_handler_is_a_failed_callback_AS_274) {
  loop.add_signal_handler(SIGUSR1, [] { throw ValueError("boom"); });
  ::raise(SIGUSR1);
  run_until("handler Exception in callback signal handler: ValueError: boom");
}

}  // namespace
}  // namespace antiphon::asio_style::test
