#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace antiphon::walk {

/// A function was entered.
struct Entry {
  std::uintptr_t address;
  int depth;  ///< against the other entries of the record; may begin anywhere
};

/// Names the calling thread as the one whose entries are taken: the server's.
void watch_this_thread();
/// Between these two, from another thread, while the watched one sleeps.
void start();
[[nodiscard]] std::vector<Entry> stop();
/// How many were taken so far.
[[nodiscard]] std::size_t taken() noexcept;

}  // namespace antiphon::walk
