#include "workers.hpp"

#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace antiphon::cli {

namespace {

/// What the workers and the thread that waits for signals share.
class Crew {
 public:
  explicit Crew(const std::function<int(Worker)>& serve) : serve_(serve) {}

  /// Starts one more and waits until it listens. Its port, or 0 if it could not.
  std::uint16_t start(std::uint16_t port) {
    std::unique_lock lock(mutex_);
    const std::size_t listening = listening_ + 1;
    threads_.emplace_back([this, port] { live(port); });
    changed_.wait(lock, [&] { return listening_ == listening || ended_ > 0; });
    return listening_ == listening ? port_ : 0;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    for (const auto& stop : stoppers_) stop();
  }
  int join() {
    for (std::thread& thread : threads_) thread.join();
    return status_;
  }
  /// True once every worker has ended: no signal need be waited for.
  [[nodiscard]] bool over() {
    const std::lock_guard lock(mutex_);
    return ended_ == threads_.size();
  }

 private:
  void live(std::uint16_t port) {
    const int status = serve_({.port = port,
                               .reuse_port = true,
                               .handle_signals = false,
                               .on_listening =
                                   [this](std::uint16_t where) {
                                     const std::lock_guard lock(mutex_);
                                     port_ = where;
                                     ++listening_;
                                     changed_.notify_all();
                                   },
                               .on_stopper =
                                   [this](std::function<void()> stop) {
                                     const std::lock_guard lock(mutex_);
                                     stoppers_.push_back(std::move(stop));
                                   }});
    const std::lock_guard lock(mutex_);
    ++ended_;
    if (status_ == 0) status_ = status;
    changed_.notify_all();
    // One that ends unasked is a stop for all; the main thread waits for signals, so it is told by one.
    ::kill(::getpid(), SIGTERM);
  }

  const std::function<int(Worker)>& serve_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread> threads_;
  std::vector<std::function<void()>> stoppers_;
  std::size_t listening_ = 0;
  std::size_t ended_ = 0;
  std::uint16_t port_ = 0;
  int status_ = 0;
};

}  // namespace

int run_workers(unsigned count, std::uint16_t port, const std::function<void(std::uint16_t)>& on_listening,
                const std::function<int(Worker)>& serve) {
  if (count <= 1) return serve({.port = port, .on_listening = on_listening, .on_stopper = {}});

  // Blocked before the first thread is made: all inherit it, and only sigwait takes these signals.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Crew crew(serve);
  for (unsigned i = 0; i < count; ++i) {
    port = crew.start(port);
    if (port == 0) break;
  }
  if (port != 0) {
    on_listening(port);
    int number = 0;
    ::sigwait(&signals, &number);
  }
  crew.stop();
  // Each further signal, of the user's or of a worker's end, is looked at until all are gone.
  while (!crew.over()) {
    siginfo_t info{};
    if (::sigwaitinfo(&signals, &info) > 0 && info.si_pid != ::getpid()) crew.stop();  // asked again: at once
  }
  return crew.join();
}

}  // namespace antiphon::cli
