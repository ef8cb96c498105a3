#include "antiphon/asio_style/waiting.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "scoped_timer.hpp"

namespace antiphon::asio_style {

namespace detail {

namespace {

/// Completes `future` unless that happened already.
auto release(Future<> future) {
  return [future = std::move(future)] {
    if (!future.done()) future.set_result();
  };
}

Task<void> cancel_and_wait(std::shared_ptr<FutureState> future) {
  const Future<> ended(future->loop());
  future->add_done_callback(release(ended));
  future->cancel();
  co_await ended;
}

std::exception_ptr failure_of(const FutureState& future) {
  return future.cancelled() ? std::make_exception_ptr(CancelledError()) : future.exception();
}

/// Counts down as futures end; shared by their callbacks.
struct Countdown {
  Countdown(EventLoop& loop, std::size_t count) : left(count), all(loop), all_or_failed(loop) {}

  void one_ended(const std::exception_ptr& failure) {
    if (failure && !first_failure) first_failure = failure;
    --left;
    if (left == 0 && !all.done()) all.set_result();
    if ((left == 0 || first_failure) && !all_or_failed.done()) all_or_failed.set_result();
  }

  std::size_t left;
  std::exception_ptr first_failure;
  Future<> all;
  Future<> all_or_failed;
};

std::shared_ptr<Countdown> count_down(const std::vector<std::shared_ptr<FutureState>>& futures) {
  auto countdown = std::make_shared<Countdown>(futures.front()->loop(), futures.size());
  for (const auto& future : futures) {
    future->add_done_callback([countdown, weak = future->weak_from_this()] {
      const auto ended = weak.lock();
      countdown->one_ended(ended ? failure_of(*ended) : nullptr);
    });
  }
  return countdown;
}

}  // namespace

Task<bool> finish_within(std::shared_ptr<FutureState> future, EventLoop::Duration timeout) {
  if (future->done()) co_return true;
  bool cancelled = false;
  if (timeout > EventLoop::Duration::zero()) {
    const Future<> woken(future->loop());
    future->add_done_callback(release(woken));
    const ScopedTimer timer(future->loop().call_later(timeout, release(woken)));
    try {
      co_await woken;
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (future->done()) co_return true;  // what is there is not lost, not even to a cancellation
  }
  auto ending = cancel_and_wait(future);
  co_await ending;
  if (cancelled) throw CancelledError();
  co_return false;
}

Task<void> finish_all(std::vector<std::shared_ptr<FutureState>> futures) {
  if (futures.empty()) co_return;
  for (const auto& future : futures) static_cast<void>(future->exception());  // they are looked after here
  const auto countdown = count_down(futures);
  bool cancelled = false;
  try {
    co_await countdown->all_or_failed;
  } catch (const CancelledError&) {
    cancelled = true;
  }
  if (cancelled) {
    for (const auto& future : futures) future->cancel();
    co_await countdown->all;
    throw CancelledError();
  }
  if (countdown->first_failure) std::rethrow_exception(countdown->first_failure);
}

Task<void> await_all(std::vector<std::shared_ptr<FutureState>> futures) {
  for (const auto& future : futures) {
    if (future->done()) continue;
    const Future<> ended(future->loop());
    future->add_done_callback(release(ended));
    co_await ended;
  }
}

void throw_timeout(EventLoop::Duration timeout) {
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%g", std::chrono::duration<double>(timeout).count());
  throw TimeoutError(0, std::string("not done within ") + seconds.data() + " seconds");
}

}  // namespace detail

Task<void> sleep(EventLoop::Duration delay) {
  auto sleeping = get_running_loop().sleep(delay);
  co_await sleeping;
}

void Event::set() {
  set_ = true;
  for (const auto& waiter : std::exchange(waiters_, {})) {
    if (!waiter.done()) waiter.set_result();
  }
}

Task<void> Event::wait() {
  if (set_) co_return;
  const Future<> woken(get_running_loop());
  std::erase_if(waiters_, [](const auto& waiter) { return waiter.done(); });  // those that were cancelled
  waiters_.push_back(woken);
  co_await woken;
}

}  // namespace antiphon::asio_style
