#include "loop_core.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <iterator>
#include <utility>

#include "engine.hpp"

namespace antiphon::asio_style::detail {

namespace {

thread_local LoopCore* running_on_this_thread = nullptr;

// How many turns may follow each other before Asio is asked again;
// it has signals, other threads and the user's own I/O.
constexpr int turns_per_wake = 16;
// And how many of its handlers then run before the next turn.
constexpr int handlers_per_look = 16;
// So many ready descriptors in one poll mean load:
// polling again at once is then cheaper than going back to sleep.
constexpr std::size_t busy = 4;
constexpr std::size_t receive_size = std::size_t{256} * 1024;
constexpr std::size_t spare_buffers_kept = 16;
constexpr std::size_t spare_buffer_capacity = std::size_t{1024} * 1024;

/// Runs `fn` at the end of the scope, exception or not.
template <class Fn>
class Finally {
 public:
  explicit Finally(Fn fn) : fn_(std::move(fn)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { fn_(); }

 private:
  Fn fn_;
};

void check_callback(const LoopCore::Callback& fn, const char* name) {
  if (!fn)
    throw TypeError(std::string("a callable object was expected by ") + name + "(), got an empty function");
}

}  // namespace

LoopCore::LoopCore(EventLoop& loop) : loop_(&loop), engine_(std::make_unique<Engine>()) {
  engine_->selector.assign(selector_.fileno());
}

LoopCore::~LoopCore() {
  engine_->selector.release();
}

LoopCore* LoopCore::running_here() noexcept {
  return running_on_this_thread;
}

void LoopCore::check_closed() const {
  if (is_closed()) throw RuntimeError("Event loop is closed");
}

void LoopCore::check_thread() const {
  if (is_running() && thread_.load(std::memory_order_relaxed) != std::this_thread::get_id()) {
    throw RuntimeError("Non-thread-safe operation invoked on an event loop other than the current one");
  }
}

// ---- callbacks and timers

std::shared_ptr<HandleState> LoopCore::call_soon(Callback fn, const char* name) {
  check_closed();
  check_callback(fn, name);
  if (debug) check_thread();
  if (has_incoming_.load(std::memory_order_acquire)) take_incoming();  // they were first
  auto handle = std::make_shared<HandleState>(std::move(fn), name);
  ready_.push_back(handle);
  return handle;
}

std::shared_ptr<HandleState> LoopCore::call_soon_threadsafe(Callback fn) {
  check_callback(fn, "call_soon_threadsafe");
  auto handle = std::make_shared<HandleState>(std::move(fn), "call_soon_threadsafe");
  bool first = false;
  {
    const std::lock_guard lock(incoming_mutex_);
    check_closed();  // under the lock: close() takes it too
    first = incoming_.empty();
    incoming_.push_back(handle);
    has_incoming_.store(true, std::memory_order_release);
  }
  if (first) boost::asio::post(engine_->context, [] {});  // a turn follows whatever Asio does
  return handle;
}

void LoopCore::take_incoming() {
  const std::lock_guard lock(incoming_mutex_);
  ready_.insert(ready_.end(), std::make_move_iterator(incoming_.begin()),
                std::make_move_iterator(incoming_.end()));
  incoming_.clear();
  has_incoming_.store(false, std::memory_order_release);
}

std::shared_ptr<HandleState> LoopCore::call_at(TimePoint when, Callback fn, const char* name) {
  check_closed();
  check_callback(fn, name);
  if (debug) check_thread();
  auto handle = std::make_shared<HandleState>(std::move(fn), name);
  handle->when = when;
  timers_.add(handle);
  if (when <= Clock::now()) timer_due_ = true;
  if (when < armed_for_) timer_stale_ = true;
  return handle;
}

// ---- one turn

std::size_t LoopCore::turn() {
  timer_due_ = false;
  if (has_incoming_.load(std::memory_order_acquire)) take_incoming();
  const std::size_t events = selector_.poll();
  if (!timers_.empty()) timers_.take_due(Clock::now(), due_batch_);
  running_batch_.swap(ready_);
  try {
    if (!running_batch_.empty()) run(running_batch_);
    selector_.dispatch(
        [this](Watcher& watcher) {
          bool drained = false;
          guarded("reader", nullptr, [&] { drained = watcher.on_readable(); });
          return drained;
        },
        [this](Watcher& watcher) { guarded("writer", nullptr, [&] { watcher.on_writable(); }); });
    if (!due_batch_.empty()) run(due_batch_);
  } catch (...) {
    // SystemExit leaves the loop. What has not run yet is still first
    // in the queue (AS-280); ready I/O will be ready again.
    running_batch_.insert(running_batch_.end(), due_batch_.begin(), due_batch_.end());
    std::erase(running_batch_, nullptr);
    ready_.insert(ready_.begin(), running_batch_.begin(), running_batch_.end());
    running_batch_.clear();
    due_batch_.clear();
    throw;
  }
  return events;
}

void LoopCore::run(Queue& queue) {
  for (auto& slot : queue) {
    const auto handle = std::move(slot);
    if (handle->cancelled) continue;
    const Callback fn = std::exchange(handle->fn, nullptr);  // the callback may cancel its own handle
    guarded(handle->name, handle, fn);
  }
  queue.clear();
}

void LoopCore::report_if_slow(const char* name, TimePoint started) {
  const std::chrono::duration<double> took = Clock::now() - started;
  if (took < loop_->slow_callback_duration) return;
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%.3f", took.count());
  loop_->log(LogLevel::warning, std::string("Executing ") + name + " took " + seconds.data() + " seconds");
}

void LoopCore::report_failed_callback(const char* name, const std::shared_ptr<HandleState>& handle) {
  ExceptionContext context;
  context.message = std::string("Exception in callback ") + name;
  context.exception = std::current_exception();
  context.handle = Handle(handle);
  loop_->call_exception_handler(context);
}

// ---- what Asio does for us

/// At least one. True if there is nothing more to do at once.
bool LoopCore::turns() {
  for (int turns = 0; turns < turns_per_wake; ++turns) {
    const std::size_t events = turn();
    if (stopping_) return true;
    const bool idle = ready_.empty() && !timer_due_ && !selector_.may_be_ready();
    if (idle && events < busy) return true;
  }
  return false;
}

/// Lets Asio do its work, for_nothing: until there is some. False if somebody has stopped it.
///
/// Nobody waits for the selector with an operation of Asio's: one per turn would cost a system call and a
/// fifth of the turn. Asio knows the descriptor and so returns from run_one for each of its edges (tested
/// in guests_test.cpp).
bool LoopCore::wait(bool for_nothing) {
  if (timer_stale_) arm_timer();
  auto& context = engine_->context;
  if (for_nothing) return context.run_one() != 0;
  for (int handlers = 0; handlers < handlers_per_look && context.poll_one() != 0; ++handlers) {
  }
  return true;
}

void LoopCore::arm_timer() {
  timer_stale_ = false;
  const TimePoint next = timers_.next();
  if (next >= armed_for_)
    return;  // waking too early costs a turn, re-arming costs a system call for each timer
  armed_for_ = next;
  engine_->timer.expires_at(next);
  engine_->timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // replaced by an earlier one
    armed_for_ = TimePoint::max();
    timer_stale_ = true;
  });
}

// ---- running and closing

void LoopCore::run_forever() {
  check_closed();
  if (is_running()) throw RuntimeError("This event loop is already running");
  if (running_on_this_thread != nullptr) {
    throw RuntimeError("Cannot run the event loop while another loop is running");
  }
  running_on_this_thread = this;
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  const Finally finish([this] {
    stopping_ = false;
    running_on_this_thread = nullptr;
    thread_.store(std::thread::id(), std::memory_order_relaxed);
  });
  engine_->context.restart();
  bool idle = false;
  do {
    idle = turns();  // one at least (AS-279); a turn under way ends before the run does (AS-278)
  } while (!stopping_ && wait(idle));
}

void LoopCore::stop() {
  stopping_ = true;
}

void LoopCore::close() {
  if (is_running()) throw RuntimeError("Cannot close a running event loop");
  {
    const std::lock_guard lock(incoming_mutex_);
    if (closed_.exchange(true, std::memory_order_acq_rel)) return;
  }
  forget_all();
  engine_->work.reset();
  // A resolver may still be at work: its answer finds the loop closed.
  if (const auto executor = std::exchange(executor_, nullptr)) executor->shutdown(true, true);
}

void LoopCore::cancel_all_tasks() {
  const auto left = tasks_;
  for (const auto& task : left) task->request_cancel();
  ends_with_tasks_ = true;
  const Finally leave([this] { ends_with_tasks_ = false; });
  while (!tasks_.empty()) run_forever();
}

void LoopCore::forget_all() {
  engine_->signals.clear();
  engine_->signal_handlers.clear();
  // The user's objects go one by one, and each may take others along.
  while (!tasks_.empty()) tasks_.extract(tasks_.begin());
  while (Watcher* watcher = watchers_.front()) {
    watchers_.leave(*watcher);
    watcher->loop_closed();
  }
  descriptor_callbacks_.clear();
  timers_.clear();
  for (Queue* queue : {&ready_, &incoming_}) {
    const Queue dropped = std::exchange(*queue, {});
  }
}

// ---- signals and threads

void LoopCore::add_signal_handler(int signum, Callback fn) {
  check_callback(fn, "add_signal_handler");
  auto& [known, handler] = *engine_->signal_handlers.try_emplace(signum).first;
  const bool replaces = handler != nullptr;
  handler = std::make_shared<Callback>(std::move(fn));
  if (replaces) return;
  boost::system::error_code error;
  engine_->signals.add(signum, error);
  if (error) {
    engine_->signal_handlers.erase(signum);
    throw RuntimeError("sig " + std::to_string(signum) + " cannot be caught");
  }
  wait_for_signals();
}

bool LoopCore::remove_signal_handler(int signum) {
  if (engine_->signal_handlers.erase(signum) == 0) return false;
  boost::system::error_code ignored;
  engine_->signals.remove(signum, ignored);
  return true;
}

void LoopCore::wait_for_signals() {
  if (engine_->waiting_for_signals) return;
  engine_->waiting_for_signals = true;
  engine_->signals.async_wait([this](const boost::system::error_code& error, int signum) {
    engine_->waiting_for_signals = false;
    if (is_closed()) return;
    if (!error) {
      const auto found = engine_->signal_handlers.find(signum);
      // The handler of the moment, even if it is replaced before its turn comes.
      if (found != engine_->signal_handlers.end())
        call_soon([fn = found->second] { (*fn)(); }, "signal handler");
    }
    wait_for_signals();
  });
}

const std::shared_ptr<Executor>& LoopCore::default_executor() {
  check_closed();
  if (executor_retired_) throw RuntimeError("Executor shutdown has been called");
  if (!executor_) executor_ = std::make_shared<ThreadPoolExecutor>();
  return executor_;
}

std::shared_ptr<Executor> LoopCore::retire_default_executor() {
  executor_retired_ = true;
  return std::exchange(executor_, nullptr);
}

void LoopCore::submit(const std::shared_ptr<Executor>& executor, Callback work, Callback deliver) {
  check_closed();
  // Weak, since an executor of the user's may outlive the loop.
  executor->submit([weak = weak_from_this(), work = std::move(work), deliver = std::move(deliver)]() mutable {
    work();
    work = nullptr;  // what they share must end its life on the loop's thread
    const auto core = weak.lock();
    if (!core) return;
    try {
      core->call_soon_threadsafe(std::move(deliver));
    } catch (const RuntimeError&) {
      return;  // the loop was closed while we worked
    }
  });
}

// ---- memory that connections borrow

std::span<std::byte> LoopCore::receive_buffer() {
  if (!receive_buffer_) receive_buffer_ = std::make_unique_for_overwrite<std::byte[]>(receive_size);
  return {receive_buffer_.get(), receive_size};
}

std::span<std::byte> LoopCore::plain_buffer() {
  if (!plain_buffer_) plain_buffer_ = std::make_unique_for_overwrite<std::byte[]>(receive_size);
  return {plain_buffer_.get(), receive_size};
}

std::vector<std::byte> LoopCore::lend_buffer() {
  if (spare_buffers_.empty()) return {};
  auto buffer = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
  return buffer;
}

void LoopCore::give_back(std::vector<std::byte> buffer) {
  if (spare_buffers_.size() >= spare_buffers_kept || buffer.capacity() > spare_buffer_capacity) return;
  buffer.clear();
  spare_buffers_.push_back(std::move(buffer));
}

}  // namespace antiphon::asio_style::detail
