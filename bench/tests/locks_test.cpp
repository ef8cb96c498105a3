// A lock of one thread is none that threads share; one that two threads take in turn is. With locks.cpp in
// this program, and the file that it counts into.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <thread>

namespace {

struct Counts {
  std::uint64_t all = 0;
  std::uint64_t shared = 0;
};

Counts counted() {
  Counts found;
  std::ifstream file(std::getenv("ANTIPHON_BENCH_LOCKS"), std::ios::binary);
  file.read(reinterpret_cast<char*>(&found), sizeof(found));
  EXPECT_TRUE(file.good());
  return found;
}

void take(std::mutex& lock) {
  const std::lock_guard held(lock);
}

TEST(locks, of_one_thread_are_counted_and_are_not_shared) {
  std::mutex lock;
  const Counts before = counted();
  for (int i = 0; i < 100; ++i) take(lock);
  EXPECT_EQ(counted().all - before.all, 100U);
  EXPECT_EQ(counted().shared - before.shared, 0U);
}

TEST(locks, that_another_thread_held_last_are_shared) {
  std::mutex lock;
  std::thread([&] { take(lock); }).join();
  const Counts before = counted();
  take(lock);
  take(lock);  // now it was this thread's
  EXPECT_EQ(counted().all - before.all, 2U);
  EXPECT_EQ(counted().shared - before.shared, 1U);
}

}  // namespace
