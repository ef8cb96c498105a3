#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "antiphon/asio_style/event_loop.hpp"
#include "descriptor_callbacks.hpp"
#include "handle_state.hpp"
#include "selector.hpp"
#include "timer_queue.hpp"
#include "watcher.hpp"

namespace antiphon::asio_style::detail {

/// The inside of EventLoop: asyncio's _run_once, woken by an io_context.
///
/// Asio waits; when it has seen something (a descriptor, a timer, a callback from another thread, a guest's
/// own I/O) the core makes one turn, which is asyncio's iteration to the letter:
///
///     poll the selector  ->  queued callbacks  ->  ready I/O  ->  due timers          (AS-265, AS-266)
///
/// and what these queue belongs to the next turn (AS-264). stop() ends the run after the turn (AS-278).
class LoopCore : public std::enable_shared_from_this<LoopCore> {
 public:
  using Callback = std::function<void()>;
  using Queue = std::vector<std::shared_ptr<HandleState>>;

  explicit LoopCore(EventLoop& loop);
  LoopCore(const LoopCore&) = delete;
  LoopCore& operator=(const LoopCore&) = delete;
  ~LoopCore();

  [[nodiscard]] EventLoop& loop() const noexcept { return *loop_; }
  [[nodiscard]] static LoopCore* running_here() noexcept;

  std::shared_ptr<HandleState> call_soon(Callback fn, const char* name);
  std::shared_ptr<HandleState> call_soon_threadsafe(Callback fn);
  std::shared_ptr<HandleState> call_at(TimePoint when, Callback fn, const char* name);

  void run_forever();
  void stop();
  void close();
  [[nodiscard]] bool is_running() const noexcept {
    return thread_.load(std::memory_order_relaxed) != std::thread::id();
  }
  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  void check_closed() const;

  void add_signal_handler(int signum, Callback fn);
  bool remove_signal_handler(int signum);
  /// Runs `work` on a thread of the executor, then `deliver` here.
  void submit(const std::shared_ptr<Executor>& executor, Callback work, Callback deliver);
  /// Made when first asked for; RuntimeError once it has retired.
  [[nodiscard]] const std::shared_ptr<Executor>& default_executor();
  void set_default_executor(std::shared_ptr<Executor> executor) { executor_ = std::move(executor); }
  /// The default executor, which nobody gets any more; null if there is none.
  [[nodiscard]] std::shared_ptr<Executor> retire_default_executor();

  [[nodiscard]] Selector& selector() noexcept { return selector_; }
  [[nodiscard]] WatcherList& watchers() noexcept { return watchers_; }
  [[nodiscard]] DescriptorCallbacks& descriptor_callbacks() noexcept { return descriptor_callbacks_; }
  /// Where all connections receive, one after the other:
  /// 256 KiB, the most that data_received may get (AS-096).
  [[nodiscard]] std::span<std::byte> receive_buffer();
  /// As large, for what TLS makes of it.
  [[nodiscard]] std::span<std::byte> plain_buffer();
  /// Room for bytes that the kernel does not take yet; connections without such bytes own none.
  [[nodiscard]] std::vector<std::byte> lend_buffer();
  void give_back(std::vector<std::byte> buffer);

  void adopt(std::shared_ptr<TaskBase> task) { tasks_.insert(std::move(task)); }
  void release(const std::shared_ptr<TaskBase>& task) {
    tasks_.erase(task);
    if (ends_with_tasks_ && tasks_.empty()) stop();
  }
  /// Asks all tasks to stop, and turns until none is left.
  void cancel_all_tasks();

  /// Calls fn; what it throws goes to the exception handler as a failed callback (AS-274),
  /// but for the two exceptions that leave the loop (AS-212).
  template <class Fn>
  void guarded(const char* name, const std::shared_ptr<HandleState>& handle, Fn&& fn) {
    const TimePoint started = debug ? Clock::now() : TimePoint::max();
    try {
      fn();
    } catch (const SystemExit&) {
      throw;
    } catch (const KeyboardInterrupt&) {
      throw;
    } catch (...) {
      report_failed_callback(name, handle);
    }
    if (debug) report_if_slow(name, started);
  }

  bool debug = false;
  EventLoop::ExceptionHandler exception_handler;
  EventLoop::Logger logger;

  struct Engine;  // everything that is Asio's
  [[nodiscard]] Engine& engine() noexcept { return *engine_; }

 private:
  std::size_t turn();
  [[nodiscard]] bool turns();
  [[nodiscard]] bool wait(bool for_nothing);
  void run(Queue& queue);
  void take_incoming();
  void arm_timer();
  void forget_all();
  void report_failed_callback(const char* name, const std::shared_ptr<HandleState>& handle);
  void report_if_slow(const char* name, TimePoint started);
  void check_thread() const;
  void wait_for_signals();

  EventLoop* loop_;
  std::unique_ptr<Engine> engine_;
  Selector selector_;
  TimerQueue timers_;

  Queue ready_;          // for the next turn
  Queue running_batch_;  // of this turn
  Queue due_batch_;
  bool timer_due_ = false;    // a timer was set for a time that has passed
  bool timer_stale_ = false;  // Asio's timer may be set too late
  TimePoint armed_for_ = TimePoint::max();

  bool stopping_ = false;
  std::atomic<std::thread::id> thread_;  // of the run in progress; none: not running
  std::atomic<bool> closed_ = false;

  std::mutex incoming_mutex_;
  Queue incoming_;  // from other threads
  std::atomic<bool> has_incoming_ = false;

  WatcherList watchers_;
  DescriptorCallbacks descriptor_callbacks_;
  std::unordered_set<std::shared_ptr<TaskBase>> tasks_;
  bool ends_with_tasks_ = false;  // the run in progress ends with the last task
  std::shared_ptr<Executor> executor_;
  bool executor_retired_ = false;
  std::unique_ptr<std::byte[]> receive_buffer_;
  std::unique_ptr<std::byte[]> plain_buffer_;
  std::vector<std::vector<std::byte>> spare_buffers_;
};

}  // namespace antiphon::asio_style::detail
