#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "antiphon/asio_style/future.hpp"

namespace antiphon::asio_style {

template <class T = void>
class Task;

namespace detail {

/// When a coroutine ends it goes on in the one that awaited it,
/// without a turn of the loop: `await coroutine()` in asyncio.
struct ResumeAwaiting {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    return ended.promise().awaiting;
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> awaiting = std::noop_coroutine();
  std::exception_ptr exception;

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] ResumeAwaiting final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& returned) {
    value.emplace(std::forward<U>(returned));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void take() const noexcept {}
};

/// A coroutine that the loop drives: it knows what it waits for, so that it can be cancelled there.
/// The loop owns it until it ends or the loop closes; then the coroutine is destroyed where it stands.
class TaskBase : public std::enable_shared_from_this<TaskBase> {
 public:
  explicit TaskBase(EventLoop& loop);
  TaskBase(const TaskBase&) = delete;
  TaskBase& operator=(const TaskBase&) = delete;
  virtual ~TaskBase() = default;

  /// Gives the task to its loop and queues its first step.
  void start();
  /// Runs `next` until it waits again; the loop's way in.
  void step(std::coroutine_handle<> next);
  /// Asks the coroutine to stop: CancelledError where it waits.
  void request_cancel();
  /// What the coroutine waits for; forgotten at the next step.
  void wait_for(const std::shared_ptr<FutureState>& future) { waiting_for_ = future; }
  /// True once after request_cancel found nothing that could be cancelled.
  [[nodiscard]] bool take_cancel_request() noexcept { return std::exchange(cancel_requested_, false); }
  [[nodiscard]] LoopCore& core() const;

 private:
  virtual std::coroutine_handle<> coroutine() noexcept = 0;
  virtual void ended() = 0;
  virtual void cancelled_before_start() = 0;

  std::weak_ptr<LoopCore> core_;
  std::weak_ptr<FutureState> waiting_for_;
  bool cancel_requested_ = false;
};

/// The task whose coroutine runs now on this thread; RuntimeError outside of one.
[[nodiscard]] TaskBase& running_task();

/// Lets the loop turn once.
struct Yield {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const;
  void await_resume() const { throw_if_cancelled(); }
};

}  // namespace detail

/// A lazy coroutine: `Task<int> f() { co_await loop.sleep(1s); co_return 42; }`.
///
/// Nothing runs until it is awaited, or given to run_until_complete or create_task. Awaited, it runs at once
/// in its caller, up to the first thing that is not ready. Owns its frame;
/// move-only; await it once. Thread: the loop's thread only.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Coroutine = std::coroutine_handle<promise_type>;

  explicit Task(Coroutine coroutine) : coroutine_(coroutine) {}
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    coroutine_.promise().awaiting = awaiting;
    return coroutine_;
  }
  T await_resume() { return result(); }

  /// The coroutine itself, for those who drive it.
  [[nodiscard]] Coroutine coroutine() const noexcept { return coroutine_; }
  /// Once it has ended: its value or its exception.
  T result() {
    if (coroutine_.promise().exception) std::rethrow_exception(coroutine_.promise().exception);
    return coroutine_.promise().take();
  }

 private:
  Coroutine coroutine_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

/// The future of a task: cancelling it cancels the task.
template <class T>
class TaskState final : public ValueState<T> {
 public:
  explicit TaskState(EventLoop& loop) : ValueState<T>(loop, "Task") {}
  std::weak_ptr<TaskBase> task;

  bool cancel() override {
    const auto running = task.lock();
    if (this->done() || !running) return false;
    running->request_cancel();
    return true;
  }
  /// The task is over and was cancelled.
  void mark_cancelled() { ValueState<T>::cancel(); }
};

template <class T>
class DrivenTask final : public TaskBase {
 public:
  DrivenTask(EventLoop& loop, Task<T> task, std::shared_ptr<TaskState<T>> state)
      : TaskBase(loop), task_(std::move(task)), state_(std::move(state)) {}

 private:
  std::coroutine_handle<> coroutine() noexcept override { return task_.coroutine(); }
  void cancelled_before_start() override { state_->mark_cancelled(); }
  void ended() override {
    try {
      if constexpr (std::is_void_v<T>) {
        task_.result();
        state_->set_value({});
      } else {
        state_->set_value(task_.result());
      }
    } catch (const CancelledError&) {
      state_->mark_cancelled();
    } catch (const SystemExit&) {
      leave_loop();
    } catch (const KeyboardInterrupt&) {
      leave_loop();
    } catch (...) {
      state_->set_exception(std::current_exception());
    }
  }

  [[noreturn]] void leave_loop() {
    state_->set_exception(std::current_exception());
    static_cast<void>(state_->exception());  // it is known to whoever ran the loop
    throw;
  }

  Task<T> task_;
  std::shared_ptr<TaskState<T>> state_;
};

}  // namespace detail

}  // namespace antiphon::asio_style
