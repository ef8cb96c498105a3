#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "antiphon/http/parser.hpp"

namespace antiphon::http {

[[nodiscard]] std::string_view trim_white_space(std::string_view text) noexcept;
/// A character of a method or field name (RFC 9110, 5.6.2).
[[nodiscard]] bool is_token_char(char c) noexcept;
/// origin-form, absolute-form, authority-form for CONNECT only, "*" for OPTIONS only (RFC 9112, 3.2).
[[nodiscard]] bool target_fits_method(std::string_view target, std::string_view method) noexcept;

/// What the fields that decide over framing and routing may say, beyond what llhttp checks: Host once and
/// well formed, one Content-Length or Transfer-Encoding: chunked, never both (RFC 9112, 3.2 and 6.3).
class FramingRules {
 public:
  /// Call for each field; an error with an empty reason is none.
  [[nodiscard]] ParseError field(std::string_view name, std::string_view value) noexcept;
  /// Call at the end of the head, with method and version set; sets the rest of `head` but keep_alive.
  [[nodiscard]] ParseError complete(MessageHead& head, std::uint64_t most_body) const noexcept;

 private:
  std::optional<std::uint64_t> content_length_;
  unsigned hosts_ = 0;
  bool transfer_encoding_ = false;
  bool chunked_ = false;
  bool unknown_coding_ = false;
  bool expects_continue_ = false;
  bool unknown_expectation_ = false;
};

}  // namespace antiphon::http
