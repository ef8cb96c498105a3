#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace antiphon::http {

/// a == b, for texts that are mostly short: without a call of memcmp.
[[nodiscard]] constexpr bool same(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}

/// Copies the text, mostly a short one, to where there is room for it; returns the place behind. Two moves
/// that may overlap copy any size between theirs and twice that, which is less than to call memcpy.
inline char* copy_to(char* to, std::string_view text) noexcept {
  const char* const from = text.data();
  const std::size_t size = text.size();
  const auto copy_ends = [=]<std::size_t part>() {
    char first[part];
    char last[part];
    std::memcpy(first, from, part);
    std::memcpy(last, from + size - part, part);
    std::memcpy(to, first, part);
    std::memcpy(to + size - part, last, part);
  };
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    copy_ends.template operator()<16>();
  } else if (size >= 8) {
    copy_ends.template operator()<8>();
  } else if (size >= 4) {
    copy_ends.template operator()<4>();
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
  return to + size;
}

}  // namespace antiphon::http
