#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "char_rules.hpp"
#include "octet_blocks.hpp"

namespace antiphon::http {

/// Each '%' stands before two hexadecimal digits.
[[nodiscard]] constexpr bool escapes_are_whole(std::string_view text) noexcept {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3))
    if (text.size() < at + 3 || hex_digit(text[at + 1]) < 0 || hex_digit(text[at + 2]) < 0) return false;
  return true;
}

[[nodiscard]] constexpr bool all_of(std::string_view text, bool (*rule)(char) noexcept) noexcept {
  return std::all_of(text.begin(), text.end(), rule);
}

[[nodiscard]] inline bool is_token(std::string_view text) noexcept {
  return !text.empty() && (blocks::all_of<blocks::NameOctets>(text) || all_of(text, is_token_char));
}
[[nodiscard]] inline bool is_value(std::string_view text) noexcept {
  return blocks::all_of<blocks::ValueOctets>(text);
}
/// Nothing but letters, digits, "-", "." and "/": nothing in it is a delimiter or an escape.
[[nodiscard]] inline bool is_plain_path(std::string_view text) noexcept {
  return text.starts_with('/') && blocks::all_of<blocks::PathOctets>(text);
}
[[nodiscard]] inline bool has_target_chars_only(std::string_view text) noexcept {
  return all_of(text, [](char c) noexcept { return detail::is(c, detail::target); });
}
[[nodiscard]] inline bool is_plain_host(std::string_view text) noexcept {
  return !text.empty() && blocks::all_of<blocks::NameOctets>(text);
}
[[nodiscard]] inline bool has_host_chars_only(std::string_view text) noexcept {
  return all_of(text, is_host_char);
}

}  // namespace antiphon::http
