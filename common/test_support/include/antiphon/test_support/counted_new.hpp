#pragma once

#include <cstddef>

namespace antiphon::test_support {

/// How often this thread has called operator new. Whoever links antiphon::counted_new has operator new and
/// delete replaced by ones that count, the sanitizers' too: such a test is a program of its own.
[[nodiscard]] std::size_t allocations_of_this_thread() noexcept;

}  // namespace antiphon::test_support
