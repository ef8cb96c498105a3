// Counting by interposition: the functions below stand before libc's of the same name, for this program and
// for the libraries that it loads.

#include "counters.hpp"

#include <dlfcn.h>
#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstddef>

namespace {

thread_local bool counted = false;
std::atomic<std::uint64_t> syscall_count = 0;
std::atomic<std::uint64_t> allocation_count = 0;

void count(std::atomic<std::uint64_t>& counter) noexcept {
  if (counted) counter.fetch_add(1, std::memory_order_relaxed);
}

/// libc's own function, looked up once.
template <typename Function>
Function* next(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* old, std::size_t size) noexcept;

[[gnu::visibility("default")]] void* malloc(std::size_t size) noexcept {
  count(allocation_count);
  return __libc_malloc(size);
}
[[gnu::visibility("default")]] void* calloc(std::size_t number, std::size_t size) noexcept {
  count(allocation_count);
  return __libc_calloc(number, size);
}
[[gnu::visibility("default")]] void* realloc(void* old, std::size_t size) noexcept {
  count(allocation_count);
  return __libc_realloc(old, size);
}

[[gnu::visibility("default")]] ssize_t read(int fd, void* to, std::size_t size) {
  static auto* const real = next<ssize_t(int, void*, std::size_t)>("read");
  count(syscall_count);
  return real(fd, to, size);
}
[[gnu::visibility("default")]] ssize_t write(int fd, const void* from, std::size_t size) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t)>("write");
  count(syscall_count);
  return real(fd, from, size);
}
[[gnu::visibility("default")]] ssize_t readv(int fd, const iovec* parts, int number) {
  static auto* const real = next<ssize_t(int, const iovec*, int)>("readv");
  count(syscall_count);
  return real(fd, parts, number);
}
[[gnu::visibility("default")]] ssize_t writev(int fd, const iovec* parts, int number) {
  static auto* const real = next<ssize_t(int, const iovec*, int)>("writev");
  count(syscall_count);
  return real(fd, parts, number);
}
[[gnu::visibility("default")]] ssize_t recv(int fd, void* to, std::size_t size, int flags) {
  static auto* const real = next<ssize_t(int, void*, std::size_t, int)>("recv");
  count(syscall_count);
  return real(fd, to, size, flags);
}
[[gnu::visibility("default")]] ssize_t send(int fd, const void* from, std::size_t size, int flags) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t, int)>("send");
  count(syscall_count);
  return real(fd, from, size, flags);
}
[[gnu::visibility("default")]] ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static auto* const real = next<ssize_t(int, msghdr*, int)>("recvmsg");
  count(syscall_count);
  return real(fd, message, flags);
}
[[gnu::visibility("default")]] ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static auto* const real = next<ssize_t(int, const msghdr*, int)>("sendmsg");
  count(syscall_count);
  return real(fd, message, flags);
}
[[gnu::visibility("default")]] int epoll_wait(int epoll, epoll_event* events, int most, int timeout) {
  static auto* const real = next<int(int, epoll_event*, int, int)>("epoll_wait");
  count(syscall_count);
  return real(epoll, events, most, timeout);
}
[[gnu::visibility("default")]] int epoll_pwait(int epoll, epoll_event* events, int most, int timeout,
                                               const sigset_t* mask) {
  static auto* const real = next<int(int, epoll_event*, int, int, const sigset_t*)>("epoll_pwait");
  count(syscall_count);
  return real(epoll, events, most, timeout, mask);
}
[[gnu::visibility("default")]] int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  static auto* const real = next<int(int, int, int, epoll_event*)>("epoll_ctl");
  count(syscall_count);
  return real(epoll, operation, fd, event);
}
[[gnu::visibility("default")]] int timerfd_settime(int fd, int flags, const itimerspec* to,
                                                   itimerspec* was) noexcept {
  static auto* const real = next<int(int, int, const itimerspec*, itimerspec*)>("timerfd_settime");
  count(syscall_count);
  return real(fd, flags, to, was);
}

}  // extern "C"

namespace antiphon::bench {

void count_this_thread() noexcept {
  counted = true;
}
std::uint64_t syscalls() noexcept {
  return syscall_count.load(std::memory_order_relaxed);
}
std::uint64_t allocations() noexcept {
  return allocation_count.load(std::memory_order_relaxed);
}

Instructions::Instructions(int thread_id) noexcept {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  fd_ = static_cast<int>(::syscall(SYS_perf_event_open, &attributes, thread_id, -1, -1, 0));
}
Instructions::~Instructions() {
  if (fd_ >= 0) ::close(fd_);
}
std::uint64_t Instructions::count() const noexcept {
  std::uint64_t value = 0;
  return fd_ >= 0 && ::read(fd_, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

}  // namespace antiphon::bench
