#pragma once

#include <cstdint>

namespace antiphon::bench {

/// From now on the calling thread's system calls and allocations count.
void count_this_thread() noexcept;

/// Of all counted threads, since the program began. System calls: those that a server of sockets makes
/// through libc, from whatever library. Allocations: malloc, calloc and realloc, so operator new too.
[[nodiscard]] std::uint64_t syscalls() noexcept;
[[nodiscard]] std::uint64_t allocations() noexcept;

/// User-space instructions of another thread, where the kernel lets them be counted.
class Instructions {
 public:
  explicit Instructions(int thread_id) noexcept;
  Instructions(const Instructions&) = delete;
  Instructions& operator=(const Instructions&) = delete;
  ~Instructions();
  [[nodiscard]] bool available() const noexcept { return fd_ >= 0; }
  [[nodiscard]] std::uint64_t count() const noexcept;

 private:
  int fd_;
};

}  // namespace antiphon::bench
