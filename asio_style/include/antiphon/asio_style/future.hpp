#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "antiphon/asio_style/errors.hpp"

namespace antiphon::asio_style {

class EventLoop;

namespace detail {

class LoopCore;
class TaskBase;

/// What all futures share, whatever their type: one state, one exception, those who wait.
class FutureState : public std::enable_shared_from_this<FutureState> {
 public:
  /// `kind`, "Future" or "Task", is for messages.
  explicit FutureState(EventLoop& loop, const char* kind = "Future");
  FutureState(const FutureState&) = delete;
  FutureState& operator=(const FutureState&) = delete;
  /// Reports an exception that nobody asked for.
  virtual ~FutureState();

  [[nodiscard]] bool done() const noexcept { return phase_ != Phase::pending; }
  [[nodiscard]] bool cancelled() const noexcept { return phase_ == Phase::cancelled; }
  /// RuntimeError once the loop is gone.
  [[nodiscard]] EventLoop& loop() const;
  [[nodiscard]] const std::exception_ptr& exception() const noexcept {
    retrieved_ = true;
    return exception_;
  }

  virtual bool cancel();
  void set_exception(std::exception_ptr exception);
  void add_done_callback(std::function<void()> fn);
  /// Suspends the running task until this is done; it is resumed through call_soon.
  void suspend(std::coroutine_handle<> waiting);
  /// Throws unless there is a value.
  void check() const;

 protected:
  enum class Phase { pending, finished, cancelled };
  void finish(Phase phase);
  void check_pending() const;

 private:
  void queue(LoopCore& core, std::function<void()> callback);

  std::weak_ptr<LoopCore> core_;
  const char* kind_;
  mutable bool retrieved_ = false;
  Phase phase_ = Phase::pending;
  std::exception_ptr exception_;
  std::vector<std::function<void()>> callbacks_;
};

/// Throws CancelledError if the running task was asked to stop while nothing could be cancelled.
void throw_if_cancelled();

/// void has no values; everything else stands for itself.
template <class T>
using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
class ValueState : public FutureState {
 public:
  using FutureState::FutureState;
  void set_value(Stored<T> value) {
    check_pending();
    value_.emplace(std::move(value));
    finish(Phase::finished);
  }
  [[nodiscard]] Stored<T>& value() {
    check();
    return *value_;
  }

 private:
  std::optional<Stored<T>> value_;
};

}  // namespace detail

/// A result that will be there later, completed by hand (or by a task,
/// see EventLoop::create_task). Copies share one state.
///
/// Callbacks and awaiting coroutines run through call_soon, in the order in which they came, never from
/// inside set_result. Thread: the loop's thread only; complete it from elsewhere with
/// call_soon_threadsafe. May outlive its loop, but is of no use then.
template <class T = void>
class Future {
 public:
  explicit Future(EventLoop& loop) : state_(std::make_shared<detail::ValueState<T>>(loop)) {}
  explicit Future(std::shared_ptr<detail::ValueState<T>> state) : state_(std::move(state)) {}

  [[nodiscard]] bool done() const noexcept { return state_->done(); }
  [[nodiscard]] bool cancelled() const noexcept { return state_->cancelled(); }
  [[nodiscard]] EventLoop& get_loop() const { return state_->loop(); }

  /// The value; throws the exception if there is one, CancelledError if cancelled, InvalidStateError if not
  /// done. A value that can't be copied is moved out: ask once.
  T result() const {
    if constexpr (std::is_void_v<T>) {
      static_cast<void>(state_->value());
    } else if constexpr (std::is_copy_constructible_v<T>) {
      return state_->value();
    } else {
      return std::move(state_->value());
    }
  }
  /// Null if done without one. InvalidStateError if not done, CancelledError if cancelled.
  [[nodiscard]] std::exception_ptr exception() const {
    if (!done() || cancelled()) state_->check();
    return state_->exception();
  }

  /// InvalidStateError if done already.
  void set_result(detail::Stored<T> value = {}) const { state_->set_value(std::move(value)); }
  void set_exception(std::exception_ptr exception) const { state_->set_exception(std::move(exception)); }
  /// False if done already. On a task's future: asks the task to stop; it sees CancelledError where it waits.
  bool cancel() const { return state_->cancel(); }  // NOLINT(modernize-use-nodiscard)
  void add_done_callback(std::function<void()> fn) const { state_->add_done_callback(std::move(fn)); }

  struct Awaiter {
    std::shared_ptr<detail::ValueState<T>> state;
    [[nodiscard]] bool await_ready() const noexcept { return state->done(); }
    void await_suspend(std::coroutine_handle<> waiting) const { state->suspend(waiting); }
    T await_resume() const {
      detail::throw_if_cancelled();
      return Future(state).result();
    }
  };
  Awaiter operator co_await() const { return Awaiter{state_}; }

  [[nodiscard]] const std::shared_ptr<detail::ValueState<T>>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<detail::ValueState<T>> state_;
};

}  // namespace antiphon::asio_style
