// A library to load before libc (LD_PRELOAD): counts the locks that a program takes, and those that another
// thread held last, which only a lock that threads share can be. The two numbers are at the beginning of the
// file that ANTIPHON_BENCH_LOCKS names, as 64-bit numbers.

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

struct Counts {
  std::atomic<std::uint64_t> all = 0;
  std::atomic<std::uint64_t> shared = 0;
};
static_assert(sizeof(Counts) == 16, "read as two numbers by the rig");

Counts own;
std::atomic<Counts*> counts = &own;

/// Who held a lock last: a table by a hash of its address. Two locks in one place look like one that is
/// shared, so what is told is never too little.
std::array<std::atomic<const void*>, 65536> holders;

/// `result` of a function that takes a lock.
int took(const void* lock, int result) noexcept {
  static thread_local const char self = 0;  // its address is the thread's
  if (result != 0) return result;
  Counts& count = *counts.load(std::memory_order_relaxed);
  count.all.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t hash = (reinterpret_cast<std::uintptr_t>(lock) * 0x9E3779B97F4A7C15U) >> 48U;
  const void* before = holders[hash].exchange(&self, std::memory_order_relaxed);
  if (before != nullptr && before != &self) count.shared.fetch_add(1, std::memory_order_relaxed);
  return result;
}

/// libc's own function, looked up once.
template <typename Lock>
auto* next(const char* name) noexcept {
  return reinterpret_cast<int (*)(Lock*)>(::dlsym(RTLD_NEXT, name));
}

[[gnu::constructor]] void share_counts() {
  const char* file = std::getenv("ANTIPHON_BENCH_LOCKS");
  const int fd = file == nullptr ? -1 : ::open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, sizeof(Counts)) != 0) return;
  void* page = ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) counts = static_cast<Counts*>(page);
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] int pthread_mutex_lock(pthread_mutex_t* lock) noexcept {
  static auto* const real = next<pthread_mutex_t>("pthread_mutex_lock");
  return took(lock, real(lock));
}
[[gnu::visibility("default")]] int pthread_mutex_trylock(pthread_mutex_t* lock) noexcept {
  static auto* const real = next<pthread_mutex_t>("pthread_mutex_trylock");
  return took(lock, real(lock));
}
[[gnu::visibility("default")]] int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  static auto* const real = next<pthread_rwlock_t>("pthread_rwlock_rdlock");
  return took(lock, real(lock));
}
[[gnu::visibility("default")]] int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  static auto* const real = next<pthread_rwlock_t>("pthread_rwlock_wrlock");
  return took(lock, real(lock));
}
[[gnu::visibility("default")]] int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
  static auto* const real = next<pthread_rwlock_t>("pthread_rwlock_tryrdlock");
  return took(lock, real(lock));
}
[[gnu::visibility("default")]] int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
  static auto* const real = next<pthread_rwlock_t>("pthread_rwlock_trywrlock");
  return took(lock, real(lock));
}

}  // extern "C"
