#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace antiphon::bench {

/// What is counted, in the order in which the numbers stand in the file of share_counts: three sums, then
/// each function by itself.
inline constexpr std::array<std::string_view, 25> counter_names{
    "syscalls",   "allocations", "octets_copied", "read",      "write",
    "readv",      "writev",      "recv",          "send",      "recvmsg",
    "sendmsg",    "epoll_wait",  "epoll_pwait",   "epoll_ctl", "timerfd_settime",
    "accept",     "accept4",     "close",         "shutdown",  "setsockopt",
    "getsockopt", "getpeername", "malloc",        "calloc",    "realloc"};

/// From now on the calling thread's system calls and allocations count.
void count_this_thread() noexcept;

/// Of all counted threads, since the program began. System calls: those that a server of sockets makes
/// through libc, from whatever library. Allocations: malloc, calloc and realloc, so operator new too.
[[nodiscard]] std::uint64_t syscalls() noexcept;
[[nodiscard]] std::uint64_t allocations() noexcept;
/// Octets that memcpy and memmove moved, without those that the compiler made into instructions.
[[nodiscard]] std::uint64_t octets_copied() noexcept;

/// Keeps the counts of `counter_names` as 64-bit numbers at the beginning of a file that other processes
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
