#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

namespace antiphon::asio_style::detail {

class Watcher;

/// asyncio's selector: which descriptors are ready, level-triggered.
///
/// Why not Asio's own reactor: it is edge-triggered, so a read must either be repeated until EAGAIN or be
/// re-armed with epoll_ctl, one more system call per request, and it wants a buffer for every idle
/// connection. Here a ready socket costs one recv into a buffer that all connections share. The selector's
/// descriptor is itself polled by Asio, as one of its own; edge-triggered, too, so Asio may be waited for
/// only when may_be_ready() is false.
///
/// Thread: the loop's.
class Selector {
 public:
  static constexpr unsigned none = 0;
  static constexpr unsigned read = 1;
  static constexpr unsigned write = 2;

  Selector();
  Selector(const Selector&) = delete;
  Selector& operator=(const Selector&) = delete;
  ~Selector();

  /// `watcher` is told when `fd` is ready for `interest`, a sum of read and write. Throws OSError if the
  /// kernel refuses. No longer wanting to read is remembered here and told to the kernel only if something
  /// arrives: pausing and resuming a quiet connection is free.
  void watch(int fd, Watcher& watcher, unsigned interest);
  /// To be called just before `fd` is closed; the kernel forgets it by itself then.
  void forget(int fd) noexcept;
  /// The same for a descriptor that stays open and may get another watcher.
  void remove(int fd) noexcept;
  [[nodiscard]] unsigned interest(int fd) const noexcept;
  /// Null: nobody's.
  [[nodiscard]] Watcher* watcher(int fd) const noexcept;

  /// Asks the kernel what is ready now, without waiting;
  /// remembers it for dispatch. Returns how many descriptors.
  std::size_t poll();
  /// Tells the watchers of what poll found, in the kernel's order, of one descriptor read before write. What
  /// was forgotten or is no longer wanted since then is left out. `on_readable` returns what the watcher
  /// says.
  template <class OnReadable, class OnWritable>
  void dispatch(OnReadable on_readable, OnWritable on_writable) {
    for (std::size_t i = 0; i < ready_; ++i) {
      const Due due = sort_out(events_[i]);
      const bool drained = (due.ready & read) != 0 && on_readable(*due.watcher);
      if (!drained || !only_input(events_[i])) may_be_ready_ = true;
      if ((due.ready & write) != 0 && still_wants(events_[i], write)) on_writable(*due.watcher);
    }
    ready_ = 0;
  }
  /// What the last poll found may be ready still, or there was more than it could take: nothing new need
  /// happen for the next poll to find something.
  [[nodiscard]] bool may_be_ready() const noexcept { return may_be_ready_; }

  [[nodiscard]] int fileno() const noexcept { return epoll_; }

 private:
  struct Entry {
    Watcher* watcher = nullptr;
    std::uint32_t generation =
        0;  // a descriptor's number is used again; an old event must not reach the new owner
    std::uint8_t wanted = none;      // what the watcher asked for
    std::uint8_t registered = none;  // what the kernel was told
  };
  struct Due {
    Watcher* watcher;
    unsigned ready;
  };

  /// And no end of file, no hang-up, no error, which stay.
  [[nodiscard]] static bool only_input(const epoll_event& event) noexcept { return event.events == EPOLLIN; }
  void tell_kernel(int fd, Entry& entry);
  /// Inline what is nearly always so: there is something to read, and somebody who wants to.
  Due sort_out(const epoll_event& event) {
    Entry& entry = entries_[slot_of(event)];
    if (only_input(event) && (entry.wanted & read) != 0 && entry.generation == generation_of(event)) {
      return {entry.watcher, read};
    }
    return sort_out_rest(event, entry);
  }
  Due sort_out_rest(const epoll_event& event, Entry& entry);
  [[nodiscard]] static std::size_t slot_of(const epoll_event& event) noexcept {
    return static_cast<std::uint32_t>(event.data.u64);
  }
  [[nodiscard]] static std::uint32_t generation_of(const epoll_event& event) noexcept {
    return static_cast<std::uint32_t>(event.data.u64 >> 32U);
  }
  [[nodiscard]] bool still_wants(const epoll_event& event, unsigned interest) const noexcept;

  int epoll_;
  std::size_t ready_ = 0;
  bool may_be_ready_ = true;
  std::vector<Entry> entries_;  // indexed by descriptor
  std::array<epoll_event, 256> events_{};
};

}  // namespace antiphon::asio_style::detail
