#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace antiphon::asio_style {

/// Where run_in_executor lets things run: concurrent.futures.Executor. Thread: submit and shutdown may be
/// called from any thread, but not at the same time as each other.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  /// Runs `work`, which throws nothing, on another thread, sooner or later. RuntimeError after shutdown.
  virtual void submit(std::function<void()> work) = 0;
  /// Takes no more work. `wait`: returns only when nothing runs any more. `cancel_pending`: what has not
  /// begun never does. Repeated: no-op.
  virtual void shutdown(bool wait, bool cancel_pending) = 0;
};

/// A fixed number of threads, started at once. The destructor waits for what is submitted.
class ThreadPoolExecutor final : public Executor {
 public:
  /// 0: asyncio's number, four more than there are processors, but at most 32.
  explicit ThreadPoolExecutor(std::size_t max_workers = 0);
  ~ThreadPoolExecutor() override;

  void submit(std::function<void()> work) override;
  void shutdown(bool wait, bool cancel_pending) override;

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace antiphon::asio_style
