#include "loop.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace antiphon::conformance::reference {

Loop::Loop(const Faults& faults) : faults_(faults), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Loop::~Loop() {
  ::close(wake_);
}

void Loop::run() {
  stopped_ = false;
  while (!stopped_) {
    wait();
    queue_due_timers();
    for (std::size_t count = ready_.size(); count > 0 && !ready_.empty(); --count) {
      const Callback fn = std::move(ready_.front());
      ready_.pop_front();
      fn();
    }
  }
}

void Loop::stop() {
  call_soon_threadsafe([this] { stopped_ = true; });
}

void Loop::clear() {
  watches_.clear();
  timers_.clear();
  ready_.clear();
  held_.clear();
}

void Loop::put_off(Callback fn) {
  if (faults_.on(Fault::soon_backwards)) return ready_.push_front(std::move(fn));
  if (faults_.on(Fault::soon_waits_for_data)) return held_.push_back(std::move(fn));
  ready_.push_back(std::move(fn));
}

void Loop::call_later(std::chrono::milliseconds time, Callback fn) {
  timers_.push_back({Clock::now() + time, std::move(fn)});
}

void Loop::call_soon_threadsafe(Callback fn) {
  {
    const std::scoped_lock lock(mutex_);
    posted_.push_back(std::move(fn));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto done = ::write(wake_, &one, sizeof(one));
}

Loop::Watch& Loop::watch(int fd) {
  Watch& watch = watches_[fd];
  if (watch.number == 0) watch.number = ++watches_made_;
  return watch;
}
void Loop::forget(int fd, Callback Watch::*direction) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  found->second.*direction = nullptr;
  if (!found->second.readable && !found->second.writable && !found->second.hangup) watches_.erase(found);
}
void Loop::watch_readable(int fd, Callback fn) {
  watch(fd).readable = std::move(fn);
}
void Loop::watch_writable(int fd, Callback fn) {
  watch(fd).writable = std::move(fn);
}
void Loop::watch_hangup(int fd, Callback fn) {
  watch(fd).hangup = std::move(fn);
}
void Loop::forget_readable(int fd) {
  forget(fd, &Watch::hangup);
  forget(fd, &Watch::readable);
}
void Loop::forget_writable(int fd) {
  forget(fd, &Watch::writable);
}

void Loop::guarded(const char* where, const Callback& fn) const {
  try {
    fn();
  } catch (const std::exception& error) {
    on_error(where, error.what());
    if (faults_.on(Fault::error_reported_twice)) on_error(where, error.what());
  }
}

int Loop::timeout() const {
  if (!ready_.empty()) return 0;
  if (timers_.empty()) return -1;
  const auto next = std::min_element(timers_.begin(), timers_.end(),
                                     [](const Timer& a, const Timer& b) { return a.due < b.due; });
  const auto& first = faults_.on(Fault::timers_as_made) ? timers_.front() : *next;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first.due - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void Loop::wait() {
  // Only what is watched is polled: poll() tells of errors and hang-ups even if nothing was asked for, and a
  // paused reader must not see them (READ-07).
  std::vector<pollfd> polled{{wake_, POLLIN, 0}};
  for (const auto& [fd, watch] : watches_)
    polled.push_back(
        {fd, static_cast<short>((watch.readable ? POLLIN : 0) | (watch.writable ? POLLOUT : 0)), 0});
  if (::poll(polled.data(), polled.size(), timeout()) <= 0) return;
  if ((polled[0].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto done = ::read(wake_, &count, sizeof(count));
    const std::scoped_lock lock(mutex_);
    for (Callback& fn : posted_) ready_.push_back(std::move(fn));
    posted_.clear();
  }
  for (std::size_t i = 1; i < polled.size(); ++i) queue_io(polled[i].fd, polled[i].revents);
}

void Loop::queue_io(int fd, short events) {
  constexpr short gone = POLLERR | POLLHUP;
  const std::uint64_t number = watches_[fd].number;
  const auto queue = [&](Callback Watch::*direction) {
    ready_.push_back([this, fd, number, direction] {
      const auto found = watches_.find(fd);
      if (found == watches_.end() || found->second.number != number || !(found->second.*direction)) return;
      const Callback fn = found->second.*direction;  // a copy: it may forget itself
      fn();
      for (Callback& held : held_) ready_.push_back(std::move(held));
      held_.clear();
    });
  };
  if ((events & (POLLIN | gone)) != 0) queue(&Watch::readable);
  if ((events & (POLLOUT | gone)) != 0) queue(&Watch::writable);
  if ((events & gone) != 0) queue(&Watch::hangup);
}

void Loop::queue_due_timers() {
  const auto now = Clock::now();
  if (faults_.on(Fault::timers_as_made)) {
    while (!timers_.empty() && timers_.front().due <= now) {
      ready_.push_back(std::move(timers_.front().fn));
      timers_.erase(timers_.begin());
    }
    return;
  }
  const auto due = std::stable_partition(timers_.begin(), timers_.end(),
                                         [&](const Timer& timer) { return timer.due > now; });
  std::stable_sort(due, timers_.end(), [](const Timer& a, const Timer& b) { return a.due < b.due; });
  for (auto timer = due; timer != timers_.end(); ++timer) ready_.push_back(std::move(timer->fn));
  timers_.erase(due, timers_.end());
}

}  // namespace antiphon::conformance::reference
