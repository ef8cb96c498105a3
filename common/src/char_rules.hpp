#pragma once

#include <array>
#include <cstdint>
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

}  // namespace antiphon::http
