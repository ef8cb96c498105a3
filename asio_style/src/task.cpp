#include "antiphon/asio_style/task.hpp"

#include <utility>

#include "antiphon/asio_style/event_loop.hpp"
#include "loop_core.hpp"
#include "scoped_timer.hpp"

namespace antiphon::asio_style {

namespace detail {

namespace {

thread_local TaskBase* current_task = nullptr;

}  // namespace

// ---- futures

FutureState::FutureState(EventLoop& loop, const char* kind)
    : core_(loop.core().shared_from_this()), kind_(kind) {}

FutureState::~FutureState() {
  if (!exception_ || retrieved_) return;
  const auto core = core_.lock();
  if (!core || core->is_closed()) return;
  ExceptionContext context;
  context.message = std::string(kind_) + " exception was never retrieved";
  context.exception = exception_;
  context.future = std::string("<") + kind_ + " finished exception=" + describe(exception_) + ">";
  try {
    core->loop().call_exception_handler(context);
  } catch (...) {
    core->loop().log(LogLevel::error, "the exception handler threw where nothing can be thrown");
  }
}

EventLoop& FutureState::loop() const {
  const auto core = core_.lock();
  if (!core) throw RuntimeError("Event loop is closed");
  return core->loop();
}

void FutureState::check_pending() const {
  if (done()) throw InvalidStateError("invalid state");
}

void FutureState::check() const {
  if (!done()) throw InvalidStateError("Result is not set.");
  if (cancelled()) throw CancelledError();
  retrieved_ = true;
  if (exception_) std::rethrow_exception(exception_);
}

void FutureState::set_exception(std::exception_ptr exception) {
  check_pending();
  exception_ = std::move(exception);
  finish(Phase::finished);
}

bool FutureState::cancel() {
  if (done()) return false;
  finish(Phase::cancelled);
  return true;
}

void FutureState::finish(Phase phase) {
  phase_ = phase;
  auto callbacks = std::exchange(callbacks_, {});
  const auto core = core_.lock();
  if (!core || core->is_closed()) return;
  for (auto& callback : callbacks) queue(*core, std::move(callback));
}

/// A callback may refer to its future weakly: it lives until all of them have run.
void FutureState::queue(LoopCore& core, std::function<void()> callback) {
  core.call_soon([self = shared_from_this(), callback = std::move(callback)] { callback(); },
                 "done callback");
}

void FutureState::add_done_callback(std::function<void()> fn) {
  if (!done()) return callbacks_.push_back(std::move(fn));
  if (const auto core = core_.lock()) queue(*core, std::move(fn));
}

void FutureState::suspend(std::coroutine_handle<> waiting) {
  TaskBase& task = running_task();
  task.wait_for(shared_from_this());
  add_done_callback([weak = task.weak_from_this(), waiting] {
    // Gone if the loop closed: then the coroutine is gone too.
    if (const auto alive = weak.lock()) alive->step(waiting);
  });
}

// ---- tasks

TaskBase& running_task() {
  if (current_task == nullptr) throw RuntimeError("no running task: only what the loop drives can wait");
  return *current_task;
}

void Yield::await_suspend(std::coroutine_handle<> waiting) const {
  const auto task = running_task().shared_from_this();
  task->core().call_soon([task, waiting] { task->step(waiting); }, "task");
}

void throw_if_cancelled() {
  if (current_task != nullptr && current_task->take_cancel_request()) throw CancelledError();
}

TaskBase::TaskBase(EventLoop& loop) : core_(loop.core().shared_from_this()) {}

LoopCore& TaskBase::core() const {
  return *core_.lock();
}

void TaskBase::start() {
  const auto self = shared_from_this();
  core().call_soon(
      [self] {
        if (!self->take_cancel_request()) return self->step(self->coroutine());
        self->core().release(self);
        self->cancelled_before_start();
      },
      "task");
  core().adopt(self);
}

void TaskBase::step(std::coroutine_handle<> next) {
  const auto self = shared_from_this();
  waiting_for_.reset();
  TaskBase* const outer = std::exchange(current_task, this);
  next.resume();
  current_task = outer;
  if (!coroutine().done()) return;
  core().release(self);
  ended();
}

void TaskBase::request_cancel() {
  const auto future = waiting_for_.lock();
  if (!future || !future->cancel()) cancel_requested_ = true;
}

}  // namespace detail

Task<void> EventLoop::sleep(Duration delay) {
  if (delay <= Duration::zero()) {
    co_await detail::Yield{};
    co_return;
  }
  const Future<> over(*this);
  const detail::ScopedTimer timer(call_later(delay, [over] {
    if (!over.done()) over.set_result();
  }));
  co_await over;
}

}  // namespace antiphon::asio_style
