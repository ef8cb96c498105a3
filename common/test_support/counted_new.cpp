#include "antiphon/test_support/counted_new.hpp"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

// Not inlined, neither this nor delete: GCC would see malloc paired with delete, and call the pair
// mismatched.
[[gnu::noinline]] void* counted(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// Those of arrays, too: the sanitizers' own do not call the others.
void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace antiphon::test_support {

std::size_t allocations_of_this_thread() noexcept {
  return allocations;
}

}  // namespace antiphon::test_support
