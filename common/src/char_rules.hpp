#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace antiphon::http {

namespace detail {

/// What an octet may be part of.
enum CharClass : std::uint8_t { token = 1, value = 2, target = 4, host = 8, plain_host = 16 };

consteval std::array<std::uint8_t, 256> char_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto allow = [&classes](std::string_view chars, unsigned which) {
    for (const char c : chars) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | which);
    }
  };
  allow("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", token | target | host | plain_host);
  allow("!#$%&'*+-.^_`|~", token);          // RFC 9110, 5.6.2
  allow("-._~!$&'()*+,;=:@/?[]%", target);  // RFC 3986, 2; "[" and "]" as every browser sends them
  allow("-._~!$&'()*+,;=%", host);          // RFC 3986, 3.2.2
  allow("-.", plain_host);                  // of the usual names and addresses
  for (unsigned c = 0; c < 256; ++c)        // RFC 9110, 5.5: visible, blank, or obs-text
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes[c] = static_cast<std::uint8_t>(classes[c] | value);
  return classes;
}
inline constexpr auto classes = char_classes();

constexpr bool is(char c, CharClass which) noexcept {
  return (classes[static_cast<unsigned char>(c)] & which) != 0;
}

}  // namespace detail

/// A character of a method or field name (RFC 9110, 5.6.2).
[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
  return detail::is(c, detail::token);
}
/// An octet of a field value or, but for quote and backslash, of a quoted string (RFC 9110, 5.5, 5.6.4).
[[nodiscard]] constexpr bool is_value_char(char c) noexcept {
  return detail::is(c, detail::value);
}
[[nodiscard]] constexpr bool is_host_char(char c) noexcept {
  return detail::is(c, detail::host);
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The digit's value, or -1.
[[nodiscard]] constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Each '%' stands before two hexadecimal digits.
[[nodiscard]] constexpr bool escapes_are_whole(std::string_view text) noexcept {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3))
    if (text.size() < at + 3 || hex_digit(text[at + 1]) < 0 || hex_digit(text[at + 2]) < 0) return false;
  return true;
}

[[nodiscard]] constexpr bool all_of(std::string_view text, bool (*rule)(char) noexcept) noexcept {
  return std::all_of(text.begin(), text.end(), rule);
}

namespace detail {

/// The same for one class, with a branch for eight octets: each head has hundreds of them.
constexpr bool all_are(std::string_view text, CharClass which) noexcept {
  constexpr std::size_t step = 8;
  for (; text.size() >= step; text.remove_prefix(step)) {
    unsigned common = which;
    for (std::size_t i = 0; i < step; ++i) common &= classes[static_cast<unsigned char>(text[i])];
    if (common == 0) return false;
  }
  return std::all_of(text.begin(), text.end(), [which](char c) { return is(c, which); });
}

/// Octets at the front that are visible ASCII or blank, as far as that shows eight at a time: nearly all of
/// most values. An octet's high bit is set where it is below 0x20, where it is 0x7f, or where it was set.
inline std::size_t visible_run(std::string_view text) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101;
  constexpr std::size_t step = sizeof(each);
  std::size_t run = 0;
  for (; text.size() - run >= step; run += step) {
    std::uint64_t octets = 0;
    std::memcpy(&octets, text.data() + run, step);
    const std::uint64_t low = octets - each * 0x20;
    const std::uint64_t high = octets + each;  // 0x7f becomes 0x80
    if (((low | high | octets) & (each * 0x80)) != 0) break;
  }
  return run;
}

}  // namespace detail

[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && detail::all_are(text, detail::token);
}
[[nodiscard]] inline bool is_value(std::string_view text) noexcept {
  return detail::all_are(text.substr(detail::visible_run(text)), detail::value);
}
[[nodiscard]] constexpr bool has_target_chars_only(std::string_view text) noexcept {
  return detail::all_are(text, detail::target);
}
[[nodiscard]] constexpr bool is_plain_host(std::string_view text) noexcept {
  return !text.empty() && detail::all_are(text, detail::plain_host);
}
[[nodiscard]] constexpr bool has_host_chars_only(std::string_view text) noexcept {
  return detail::all_are(text, detail::host);
}

}  // namespace antiphon::http
