// What the compiler's -finstrument-functions calls at each entry and exit. This file itself is built without.

#include "recorder.hpp"

#include <atomic>
#include <utility>

namespace antiphon::walk {

namespace {

thread_local bool watched = false;
thread_local int depth = 0;
std::atomic<bool> running = false;
std::atomic<std::size_t> count = 0;
std::vector<Entry> entries;  // the watched thread's while it runs, else the reader's

}  // namespace

void watch_this_thread() {
  watched = true;
}
void start() {
  running = true;
}
std::vector<Entry> stop() {
  running = false;
  return std::exchange(entries, {});
}
std::size_t taken() noexcept {
  return count;
}

}  // namespace antiphon::walk

// NOLINTBEGIN(bugprone-reserved-identifier): the compiler chose the names
extern "C" {
void __cyg_profile_func_enter(void* function, void* call_site);
void __cyg_profile_func_exit(void* function, void* call_site);

void __cyg_profile_func_enter(void* function, void* /*call_site*/) {
  using namespace antiphon::walk;
  if (!watched) return;
  ++depth;
  if (!running) return;
  entries.push_back({reinterpret_cast<std::uintptr_t>(function), depth});
  count = entries.size();
}
void __cyg_profile_func_exit(void* /*function*/, void* /*call_site*/) {
  if (antiphon::walk::watched) --antiphon::walk::depth;
}
}
// NOLINTEND(bugprone-reserved-identifier)
