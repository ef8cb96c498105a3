#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "antiphon/http/parser.hpp"

namespace antiphon::http {

[[nodiscard]] std::string_view trim_white_space(std::string_view text) noexcept;

/// What is wrong with a header or trailer field by itself: the name is a token, the value has no control
/// octets (RFC 9110, 5.1, 5.5).
[[nodiscard]] ParseError check_field(std::string_view name, std::string_view value) noexcept;

/// What the fields that decide over framing, routing and persistence say, beyond what llhttp checks: Host
/// once and well formed, one Content-Length or Transfer-Encoding: chunked, never both (RFC
/// 9112, 3.2, 6.3, 9.3).
class FramingRules {
 public:
  /// Call for each field.
  [[nodiscard]] ParseError field(std::string_view name, std::string_view value) noexcept;
  /// Call at the end of the head, with method and version set; sets the rest of `head`.
  [[nodiscard]] ParseError complete(MessageHead& head, std::uint64_t most_body) const noexcept;

 private:
  [[nodiscard]] ParseError content_length(std::string_view value) noexcept;
  [[nodiscard]] ParseError transfer_encoding(std::string_view value) noexcept;

  std::optional<std::uint64_t> content_length_;
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
