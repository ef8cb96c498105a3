#pragma once

#include <cstdint>

namespace antiphon::bench {

/// From now on the calling thread's system calls and allocations count.
void count_this_thread() noexcept;

/// Of all counted threads, since the program began. System calls: those that a server of sockets makes
/// through libc, from whatever library. Allocations: malloc, calloc and realloc, so operator new too.
[[nodiscard]] std::uint64_t syscalls() noexcept;
[[nodiscard]] std::uint64_t allocations() noexcept;
/// Octets that memcpy and memmove moved, without those that the compiler made into instructions.
[[nodiscard]] std::uint64_t octets_copied() noexcept;

/// Keeps the three counts, in this order, as 64-bit numbers at the beginning of a file that other processes
/// may map. Throws std::system_error.
void share_counts(const char* file);

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
