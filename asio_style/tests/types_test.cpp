// What Python finds wrong when it runs, C++ finds wrong when it compiles: these calls do not exist.

#include <gtest/gtest.h>

#include <csignal>
#include <functional>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

template <class Data>
concept Writable = requires(Transport& transport, Data data) {
  transport.write(data);
};

template <class Fn>
concept CallableSoon = requires(EventLoop& loop, Fn fn) {
  loop.call_soon(fn);
};
template <class Fn>
concept CallableSoonThreadsafe = requires(EventLoop& loop, Fn fn) {
  loop.call_soon_threadsafe(fn);
};
template <class Delay, class Fn>
concept CallableLater = requires(EventLoop& loop, Delay delay, Fn fn) {
  loop.call_later(delay, fn);
};
template <class When, class Fn>
concept CallableAt = requires(EventLoop& loop, When when, Fn fn) {
  loop.call_at(when, fn);
};
template <class Signal, class Fn>
concept Handleable = requires(EventLoop& loop, Signal signal, Fn fn) {
  loop.add_signal_handler(signal, fn);
};
template <class Handler>
concept ExceptionHandling = requires(EventLoop& loop, Handler handler) {
  loop.set_exception_handler(handler);
};

TEST(types, write_takes_octets_and_text_and_nothing_else_AS_154) {
  static_assert(Writable<std::span<const std::byte>>);
  static_assert(Writable<std::span<std::byte>>);
  static_assert(Writable<std::vector<std::byte>>);
  static_assert(Writable<std::string>);
  static_assert(Writable<const char*>);
  static_assert(!Writable<int>);
  static_assert(!Writable<std::vector<int>>);
  static_assert(!Writable<std::nullopt_t>);
}

TEST(types, a_delay_and_a_time_can_not_be_left_out_or_mixed_up_AS_271) {
  using Fn = void (*)();
  static_assert(CallableLater<std::chrono::milliseconds, Fn>);
  static_assert(CallableAt<TimePoint, Fn>);
  static_assert(!CallableLater<std::nullopt_t, Fn>);
  static_assert(!CallableLater<int, Fn>);  // of what unit?
  static_assert(!CallableAt<std::nullopt_t, Fn>);
  static_assert(!CallableAt<std::chrono::milliseconds, Fn>);
}

TEST(types, a_coroutine_is_no_callback_AS_297) {
  using Coroutine = Task<void> (*)();
  using Lambda = decltype([]() -> Task<int> { co_return 1; });
  static_assert(CallableSoon<void (*)()> && !CallableSoon<Coroutine> && !CallableSoon<Lambda>);
  static_assert(CallableSoonThreadsafe<void (*)()> && !CallableSoonThreadsafe<Coroutine>);
  static_assert(!CallableLater<std::chrono::milliseconds, Coroutine>);
  static_assert(!CallableAt<TimePoint, Coroutine>);
  static_assert(Handleable<int, void (*)()> && !Handleable<int, Coroutine> && !Handleable<int, Lambda>);
}

TEST(types, a_signal_is_a_number_AS_295) {
  static_assert(!Handleable<const char*, void (*)()>);
}

TEST(types, an_exception_handler_is_a_function_or_none_AS_288) {
  static_assert(ExceptionHandling<void (*)(EventLoop&, const ExceptionContext&)>);
  static_assert(ExceptionHandling<std::nullptr_t>);
  static_assert(!ExceptionHandling<int>);
}

TEST(types, an_empty_callback_is_refused_when_it_is_given_not_when_it_would_run) {
  EventLoop loop;
  const std::function<void()> none;
  const auto refused = [](auto call) { return describe(thrown_by(call)); };
  EXPECT_EQ(refused([&] { loop.call_soon(none); }),
            "TypeError: a callable object was expected by call_soon(), got an empty function");
  EXPECT_EQ(refused([&] { loop.call_soon_threadsafe(none); }),
            "TypeError: a callable object was expected by call_soon_threadsafe(), got an empty function");
  EXPECT_EQ(refused([&] { loop.call_later(std::chrono::hours(1), none); }),
            "TypeError: a callable object was expected by call_later(), got an empty function");
  EXPECT_EQ(refused([&] { loop.add_signal_handler(SIGUSR1, none); }),
            "TypeError: a callable object was expected by add_signal_handler(), got an empty function");
}

}  // namespace
}  // namespace antiphon::asio_style::test
