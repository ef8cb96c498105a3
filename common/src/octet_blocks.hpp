#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "char_rules.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Which of sixteen octets are of a class, at once: how most octets of a head are looked at.
///
/// Each rule has a plain form, octet by octet, and one for SSE2, which every x86-64 has; a test holds them
/// against each other for every octet at every place. Some name only the usual octets of a class: who meets
/// another one asks char_rules.hpp.
namespace antiphon::http::blocks {

inline constexpr std::size_t block_size = 16;
inline constexpr std::size_t half_size = block_size / 2;
inline constexpr unsigned all = 0xffff;  ///< a mask with a bit for each octet

#if defined(__SSE2__)

using Block = __m128i;

inline Block load(const char* octets) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets));
}
inline Block load_halves(const char* low, const char* high) noexcept {
  return _mm_unpacklo_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(low)),
                            _mm_loadl_epi64(reinterpret_cast<const __m128i*>(high)));
}
inline Block each(int c) noexcept {
  return _mm_set1_epi8(static_cast<char>(c));
}
/// From First to Last. SSE2 compares signed octets only, so the range is moved to their upper end.
template <int First, int Last>
Block between(Block block) noexcept {
  return _mm_cmpgt_epi8(_mm_add_epi8(block, each(127 - Last)), each(127 - (Last - First) - 1));
}
inline Block letter(Block block) noexcept {
  return between<'a', 'z'>(_mm_or_si128(block, each('a' - 'A')));
}

#endif

/// Letters, digits, "-", ".": of the usual names of fields and hosts.
struct NameOctets {
  static constexpr bool has(char c) noexcept { return detail::is(c, detail::plain_host); }
#if defined(__SSE2__)
  static Block has(Block block) noexcept {
    return _mm_or_si128(_mm_or_si128(letter(block), between<'0', '9'>(block)), between<'-', '.'>(block));
  }
#endif
};

/// The same and "/": of the usual paths.
struct PathOctets {
  static constexpr bool has(char c) noexcept { return NameOctets::has(c) || c == '/'; }
#if defined(__SSE2__)
  static Block has(Block block) noexcept {
    return _mm_or_si128(letter(block), between<'-', '9'>(block));
  }
#endif
};

/// Visible ASCII.
struct VisibleOctets {
  static constexpr bool has(char c) noexcept { return c > ' ' && c <= '~'; }
#if defined(__SSE2__)
  static Block has(Block block) noexcept {
    return between<'!', '~'>(block);
  }
#endif
};

/// All that a field value may have.
struct ValueOctets {
  static constexpr bool has(char c) noexcept { return is_value_char(c); }
#if defined(__SSE2__)
  static Block has(Block block) noexcept {
    const Block no_control = _mm_cmpeq_epi8(_mm_max_epu8(block, each(' ')), block);
    const Block tab = _mm_cmpeq_epi8(block, each('\t'));
    return _mm_andnot_si128(_mm_cmpeq_epi8(block, each(0x7f)), _mm_or_si128(no_control, tab));
  }
#endif
};

/// Bit i is set if octet i is of the class.
template <typename Rule>
[[nodiscard]] unsigned plain_mask(const char* octets) noexcept {
  unsigned mask = 0;
  for (std::size_t i = 0; i < block_size; ++i) mask |= (Rule::has(octets[i]) ? 1U : 0U) << i;
  return mask;
}
template <typename Rule>
[[nodiscard]] unsigned mask(const char* octets) noexcept {
#if defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_epi8(Rule::has(load(octets))));
#else
  return plain_mask<Rule>(octets);
#endif
}
/// The same of eight octets here and eight there.
template <typename Rule>
[[nodiscard]] unsigned mask(const char* low, const char* high) noexcept {
#if defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_epi8(Rule::has(load_halves(low, high))));
#else
  char octets[block_size];
  std::memcpy(octets, low, half_size);
  std::memcpy(octets + half_size, high, half_size);
  return plain_mask<Rule>(octets);
#endif
}

/// How many octets at the front are of the class; a bit behind the last one ends the search.
[[nodiscard]] inline std::size_t run_of(unsigned mask) noexcept {
  return static_cast<std::size_t>(std::countr_zero(~mask | (all + 1)));
}

/// The first place from `at` on whose octet is not of the class; the end if there is none. What stands in
/// front of `at` is read as well, so that the last few octets make a block, too.
template <typename Rule>
[[nodiscard, gnu::always_inline]] inline std::size_t run_end(std::string_view text, std::size_t at) noexcept {
  for (; text.size() - at >= block_size; at += block_size)
    if (const unsigned found = mask<Rule>(text.data() + at); found != all) return at + run_of(found);
  if (at < text.size() && text.size() >= block_size) {
    const std::size_t last = text.size() - block_size;
    return at + run_of(mask<Rule>(text.data() + last) >> (at - last));
  }
  while (at < text.size() && Rule::has(text[at])) ++at;
  return at;
}

/// Every octet is of the class. Reads the text only; its last block may overlap the one before.
template <typename Rule>
[[nodiscard]] inline bool all_of(std::string_view text) noexcept {
  const char* at = text.data();
  if (text.size() >= block_size) {
    const char* const last = at + text.size() - block_size;
    for (; at < last; at += block_size)
      if (mask<Rule>(at) != all) return false;
    return mask<Rule>(last) == all;
  }
  if (text.size() >= half_size) return mask<Rule>(at, at + text.size() - half_size) == all;
  for (const char c : text)
    if (!Rule::has(c)) return false;
  return true;
}

}  // namespace antiphon::http::blocks
