#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "antiphon/http/headers.hpp"
#include "antiphon/http/parser.hpp"

namespace antiphon::http {

[[nodiscard]] constexpr std::string_view trim_white_space(std::string_view text) noexcept {
  const auto is_white = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  return text;
}

/// What is wrong with a field by itself: the name is a token, the value has no control
/// octets (RFC 9110, 5.1, 5.5).
[[nodiscard]] ParseError check_field(std::string_view name, std::string_view value) noexcept;

/// What the fields that decide over framing, routing and persistence say, beyond what llhttp checks: Host
/// once and well formed, one Content-Length or Transfer-Encoding: chunked, never both (RFC
/// 9112, 3.2, 6.3, 9.3).
class FramingRules {
 public:
  /// False: field() has no use for a field of that name. Asked of each field, so from its length and first
  /// letter.
  [[nodiscard]] static constexpr bool decides(std::string_view name) noexcept {
    switch (name.size()) {
      case 4:
        return (name.front() | 0x20) == 'h';  // Host
      case 6:
        return (name.front() | 0x20) == 'e';  // Expect
      case 10:
      case 14:
        return (name.front() | 0x20) == 'c';  // Connection, Content-Length
      case 17:
        return (name.front() | 0x20) == 't';  // Transfer-Encoding
      default:
        return false;
    }
  }
  /// Call for each field, or for each that decides.
  [[nodiscard]] ParseError field(std::string_view name, std::string_view value) noexcept;
  /// The field frames the message.
  [[nodiscard]] static bool frames(std::string_view name) noexcept {
    return (name.size() == 14 && equal_ignoring_case(name, "Content-Length")) ||
           (name.size() == 17 && equal_ignoring_case(name, "Transfer-Encoding"));
  }
  /// The framing field that was taken last in a form that every llhttp reads (8.1 refuses a tab behind the
  /// value and an empty element at the end of a list); no name: llhttp is not to hear of it.
  [[nodiscard]] const Field& heard() const noexcept { return heard_; }
  /// Call at the end of the head, with method and version set; sets the rest of `head`.
  [[nodiscard]] ParseError complete(MessageHead& head, std::uint64_t most_body) const noexcept;

 private:
  [[nodiscard]] ParseError content_length(std::string_view value) noexcept;
  [[nodiscard]] ParseError transfer_encoding(std::string_view value) noexcept;

  std::optional<std::uint64_t> content_length_;
  Field heard_;
  unsigned hosts_ = 0;
  bool transfer_encoding_ = false;
  bool chunked_ = false;
  bool unknown_coding_ = false;
  bool expects_continue_ = false;
  bool unknown_expectation_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
};

}  // namespace antiphon::http
