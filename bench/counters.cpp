// Counting by interposition: the functions below stand before libc's of the same name, for this program and
// for the libraries that it loads.

#include "counters.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <new>
#include <string_view>
#include <system_error>

namespace {

thread_local bool counted = false;

using Count = std::atomic<std::uint64_t>;
static_assert(sizeof(Count) == 8 && Count::is_always_lock_free, "read as numbers by other processes");
using Counts = std::array<Count, antiphon::bench::counter_names.size()>;

enum Sum : std::size_t { syscalls_sum, allocations_sum, octets_sum };

Counts own{};
Counts* counts = &own;

void count(Sum sum, std::uint64_t by = 1) noexcept {
  if (counted) (*counts)[sum].fetch_add(by, std::memory_order_relaxed);
}

/// The place of a function's own number.
consteval std::size_t place(std::string_view name) {
  const auto& names = antiphon::bench::counter_names;
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

template <std::size_t own_place>
void count(Sum sum) noexcept {
  static_assert(own_place < antiphon::bench::counter_names.size());
  if (!counted) return;
  count(sum);
  (*counts)[own_place].fetch_add(1, std::memory_order_relaxed);
}

/// libc's own function, looked up once.
template <typename Function>
Function* next(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

using Copy = void*(void*, const void*, std::size_t);
std::atomic<Copy*> real_memcpy = nullptr;
std::atomic<Copy*> real_memmove = nullptr;

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* old, std::size_t size) noexcept;

[[gnu::visibility("default")]] void* malloc(std::size_t size) noexcept {
  count<place("malloc")>(allocations_sum);
  return __libc_malloc(size);
}
[[gnu::visibility("default")]] void* calloc(std::size_t number, std::size_t size) noexcept {
  count<place("calloc")>(allocations_sum);
  return __libc_calloc(number, size);
}
[[gnu::visibility("default")]] void* realloc(void* old, std::size_t size) noexcept {
  count<place("realloc")>(allocations_sum);
  return __libc_realloc(old, size);
}

[[gnu::visibility("default")]] ssize_t read(int fd, void* to, std::size_t size) {
  static auto* const real = next<ssize_t(int, void*, std::size_t)>("read");
  count<place("read")>(syscalls_sum);
  return real(fd, to, size);
}
[[gnu::visibility("default")]] ssize_t write(int fd, const void* from, std::size_t size) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t)>("write");
  count<place("write")>(syscalls_sum);
  return real(fd, from, size);
}
[[gnu::visibility("default")]] ssize_t readv(int fd, const iovec* parts, int number) {
  static auto* const real = next<ssize_t(int, const iovec*, int)>("readv");
  count<place("readv")>(syscalls_sum);
  return real(fd, parts, number);
}
[[gnu::visibility("default")]] ssize_t writev(int fd, const iovec* parts, int number) {
  static auto* const real = next<ssize_t(int, const iovec*, int)>("writev");
  count<place("writev")>(syscalls_sum);
  return real(fd, parts, number);
}
[[gnu::visibility("default")]] ssize_t recv(int fd, void* to, std::size_t size, int flags) {
  static auto* const real = next<ssize_t(int, void*, std::size_t, int)>("recv");
  count<place("recv")>(syscalls_sum);
  return real(fd, to, size, flags);
}
[[gnu::visibility("default")]] ssize_t send(int fd, const void* from, std::size_t size, int flags) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t, int)>("send");
  count<place("send")>(syscalls_sum);
  return real(fd, from, size, flags);
}
[[gnu::visibility("default")]] ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static auto* const real = next<ssize_t(int, msghdr*, int)>("recvmsg");
  count<place("recvmsg")>(syscalls_sum);
  return real(fd, message, flags);
}
[[gnu::visibility("default")]] ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static auto* const real = next<ssize_t(int, const msghdr*, int)>("sendmsg");
  count<place("sendmsg")>(syscalls_sum);
  return real(fd, message, flags);
}
[[gnu::visibility("default")]] int epoll_wait(int epoll, epoll_event* events, int most, int timeout) {
  static auto* const real = next<int(int, epoll_event*, int, int)>("epoll_wait");
  count<place("epoll_wait")>(syscalls_sum);
  return real(epoll, events, most, timeout);
}
[[gnu::visibility("default")]] int epoll_pwait(int epoll, epoll_event* events, int most, int timeout,
                                               const sigset_t* mask) {
  static auto* const real = next<int(int, epoll_event*, int, int, const sigset_t*)>("epoll_pwait");
  count<place("epoll_pwait")>(syscalls_sum);
  return real(epoll, events, most, timeout, mask);
}
[[gnu::visibility("default")]] int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  static auto* const real = next<int(int, int, int, epoll_event*)>("epoll_ctl");
  count<place("epoll_ctl")>(syscalls_sum);
  return real(epoll, operation, fd, event);
}
[[gnu::visibility("default")]] int timerfd_settime(int fd, int flags, const itimerspec* to,
                                                   itimerspec* was) noexcept {
  static auto* const real = next<int(int, int, const itimerspec*, itimerspec*)>("timerfd_settime");
  count<place("timerfd_settime")>(syscalls_sum);
  return real(fd, flags, to, was);
}
[[gnu::visibility("default")]] int accept(int fd, sockaddr* __restrict from, socklen_t* __restrict size) {
  static auto* const real = next<int(int, sockaddr*, socklen_t*)>("accept");
  count<place("accept")>(syscalls_sum);
  return real(fd, from, size);
}
[[gnu::visibility("default")]] int accept4(int fd, sockaddr* __restrict from, socklen_t* __restrict size,
                                           int flags) {
  static auto* const real = next<int(int, sockaddr*, socklen_t*, int)>("accept4");
  count<place("accept4")>(syscalls_sum);
  return real(fd, from, size, flags);
}
[[gnu::visibility("default")]] int close(int fd) {
  static auto* const real = next<int(int)>("close");
  count<place("close")>(syscalls_sum);
  return real(fd);
}
[[gnu::visibility("default")]] int shutdown(int fd, int how) noexcept {
  static auto* const real = next<int(int, int)>("shutdown");
  count<place("shutdown")>(syscalls_sum);
  return real(fd, how);
}
[[gnu::visibility("default")]] int setsockopt(int fd, int level, int name, const void* value,
                                              socklen_t size) noexcept {
  static auto* const real = next<int(int, int, int, const void*, socklen_t)>("setsockopt");
  count<place("setsockopt")>(syscalls_sum);
  return real(fd, level, name, value, size);
}
[[gnu::visibility("default")]] int getsockopt(int fd, int level, int name, void* __restrict value,
                                              socklen_t* __restrict size) noexcept {
  static auto* const real = next<int(int, int, int, void*, socklen_t*)>("getsockopt");
  count<place("getsockopt")>(syscalls_sum);
  return real(fd, level, name, value, size);
}
[[gnu::visibility("default")]] int getpeername(int fd, sockaddr* __restrict address,
                                               socklen_t* __restrict size) noexcept {
  static auto* const real = next<int(int, sockaddr*, socklen_t*)>("getpeername");
  count<place("getpeername")>(syscalls_sum);
  return real(fd, address, size);
}

// Before the real two are looked up, and while they are, octets are moved one by one.
[[gnu::visibility("default")]] void* memcpy(void* __restrict to, const void* __restrict from,
                                            std::size_t size) noexcept {
  if (const auto real = real_memcpy.load(std::memory_order_relaxed)) {
    count(octets_sum, size);
    return real(to, from, size);
  }
  auto* octets = static_cast<volatile char*>(to);  // volatile: or this loop becomes a call of memcpy
  for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<const char*>(from)[i];
  return to;
}
[[gnu::visibility("default")]] void* memmove(void* to, const void* from, std::size_t size) noexcept {
  if (const auto real = real_memmove.load(std::memory_order_relaxed)) {
    count(octets_sum, size);
    return real(to, from, size);
  }
  auto* octets = static_cast<volatile char*>(to);
  const auto* source = static_cast<const char*>(from);
  if (to < from)
    for (std::size_t i = 0; i < size; ++i) octets[i] = source[i];
  else
    for (std::size_t i = size; i > 0; --i) octets[i - 1] = source[i - 1];
  return to;
}

}  // extern "C"

namespace antiphon::bench {

void count_this_thread() noexcept {
  real_memcpy = next<Copy>("memcpy");
  real_memmove = next<Copy>("memmove");
  counted = true;
}
std::uint64_t syscalls() noexcept {
  return (*counts)[syscalls_sum].load(std::memory_order_relaxed);
}
std::uint64_t allocations() noexcept {
  return (*counts)[allocations_sum].load(std::memory_order_relaxed);
}
std::uint64_t octets_copied() noexcept {
  return (*counts)[octets_sum].load(std::memory_order_relaxed);
}

void share_counts(const char* file) {
  const int fd = ::open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  void* page = MAP_FAILED;
  if (fd >= 0 && ::ftruncate(fd, sizeof(Counts)) == 0)
    page = ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) throw std::system_error(errno, std::generic_category(), file);
  counts = new (page) Counts{};  // placement: the file's memory
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
