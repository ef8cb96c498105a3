#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "antiphon/asio_style/event_loop.hpp"

/// asyncio's functions for coroutines that wait for others. All are lazy: nothing happens until they are
/// awaited, and that must be inside a task. Thread: the loop's.
namespace antiphon::asio_style {

namespace detail {

/// True once `future` is done in time; false if it had to be cancelled, and is done now. If the waiting task
/// is cancelled, `future` is too, and waited for.
[[nodiscard]] Task<bool> finish_within(std::shared_ptr<FutureState> future, EventLoop::Duration timeout);

/// Until all are done, or the first failed: then throws what it failed with. Cancelled: cancels all of them.
[[nodiscard]] Task<void> finish_all(std::vector<std::shared_ptr<FutureState>> futures);

/// Until all are done, whatever came of them.
[[nodiscard]] Task<void> await_all(std::vector<std::shared_ptr<FutureState>> futures);

[[noreturn]] void throw_timeout(EventLoop::Duration timeout);

template <class T>
std::vector<std::shared_ptr<FutureState>> states_of(const std::vector<Future<T>>& futures) {
  std::vector<std::shared_ptr<FutureState>> states;
  states.reserve(futures.size());
  for (const auto& future : futures) states.push_back(future.state());
  return states;
}

template <class T>
Stored<T> stored_result(const Future<T>& future) {
  if constexpr (std::is_void_v<T>) {
    future.result();
    return {};
  } else {
    return future.result();
  }
}

}  // namespace detail

/// asyncio.sleep, on the loop that runs. Zero or less: lets the loop turn once.
[[nodiscard]] Task<void> sleep(EventLoop::Duration delay);

/// What `future` gives, if it is done within `timeout`; else it is cancelled, and when it has ended
/// TimeoutError is thrown. Zero or less: cancelled at once unless done. None: no limit. Cancelling the
/// waiting task cancels `future` too; shield it if it shall live on.
template <class T>
Task<T> wait_for(Future<T> future, std::optional<EventLoop::Duration> timeout) {
  if (!timeout) {
    co_return co_await future;
  }
  auto finishing = detail::finish_within(future.state(), *timeout);
  const bool in_time = co_await finishing;
  if (!in_time && future.cancelled()) detail::throw_timeout(*timeout);
  co_return future.result();
}

/// The same for a coroutine, which becomes a task of its own.
template <class T>
Task<T> wait_for(Task<T> task, std::optional<EventLoop::Duration> timeout) {
  auto waiting = wait_for(get_running_loop().create_task(std::move(task)), timeout);
  co_return co_await waiting;
}

/// Runs coroutines side by side and gives their results in the order of the arguments (std::monostate for
/// void). The first that throws ends the waiting with its exception; the others run on, and what they throw
/// is dropped. Cancelled: cancels them all.
template <class... T>
Task<std::tuple<detail::Stored<T>...>> gather(Task<T>... tasks) {
  EventLoop& loop = get_running_loop();
  const std::tuple<Future<T>...> futures{loop.create_task(std::move(tasks))...};
  const auto states = [](const auto&... future) {
    return std::vector<std::shared_ptr<detail::FutureState>>{future.state()...};
  };
  auto finishing = detail::finish_all(std::apply(states, futures));
  co_await finishing;
  const auto results = [](const auto&... future) {
    return std::tuple<detail::Stored<T>...>{detail::stored_result(future)...};
  };
  co_return std::apply(results, futures);
}

/// The same for any number of one kind.
template <class T>
Task<std::vector<detail::Stored<T>>> gather(std::vector<Task<T>> tasks) {
  EventLoop& loop = get_running_loop();
  std::vector<Future<T>> futures;
  futures.reserve(tasks.size());
  for (auto& task : tasks) futures.push_back(loop.create_task(std::move(task)));
  auto finishing = detail::finish_all(detail::states_of(futures));
  co_await finishing;
  std::vector<detail::Stored<T>> results;
  results.reserve(futures.size());
  for (const auto& future : futures) results.push_back(detail::stored_result(future));
  co_return results;
}

/// Waits until all are done, and throws nothing of theirs: ask each for its result or exception
/// (asyncio.wait, and gather with return_exceptions). Cancelled: they run on.
template <class T>
Task<void> wait(std::vector<Future<T>> futures) {
  return detail::await_all(detail::states_of(futures));
}

/// A future that ends as `inner` does, and whose cancellation does not reach `inner`.
template <class T>
[[nodiscard]] Future<T> shield(Future<T> inner) {
  Future<T> outer(inner.get_loop());
  // Weak, for a callback that owned its own future would keep it for ever.
  inner.add_done_callback([outer, weak = std::weak_ptr(inner.state())] {
    const auto state = weak.lock();
    if (outer.done() || !state) return;
    const Future<T> ended(state);
    if (ended.cancelled()) {
      outer.cancel();
    } else if (const auto failed = ended.exception()) {
      outer.set_exception(failed);
    } else {
      outer.set_result(detail::stored_result(ended));
    }
  });
  return outer;
}

/// `async with server`: runs `body`, a coroutine without arguments, then closes the server and waits for
/// wait_closed, however the body ended (AS-082). Does not start serving. What the body gives or throws comes
/// out.
template <std::invocable Body>
auto with(std::shared_ptr<Server> server, Body body) -> std::invoke_result_t<Body&> {
  using Result = decltype(body().result());
  std::optional<detail::Stored<Result>> value;
  std::exception_ptr thrown;
  try {
    auto running = body();
    if constexpr (std::is_void_v<Result>) {
      co_await running;
      value.emplace();
    } else {
      value.emplace(co_await running);
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  server->close();
  auto closing = server->wait_closed();
  co_await closing;
  if (thrown) std::rethrow_exception(thrown);
  if constexpr (!std::is_void_v<Result>) co_return std::move(*value);
}

/// asyncio.Event: tasks wait until somebody says that it happened. Outlives those who wait.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() = default;

  [[nodiscard]] bool is_set() const noexcept { return set_; }
  /// Wakes all who wait.
  void set();
  /// From now on wait waits again.
  void clear() noexcept { set_ = false; }
  /// Until it is set; at once if it is.
  [[nodiscard]] Task<void> wait();

 private:
  bool set_ = false;
  std::vector<Future<>> waiters_;
};

}  // namespace antiphon::asio_style
