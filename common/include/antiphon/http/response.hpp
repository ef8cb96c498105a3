#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/http/headers.hpp"

namespace antiphon::http {

/// A response as views: what the hot path passes. Valid only while what it points to is; nobody keeps one.
struct ResponseView {
  unsigned status = 200;
  std::span<const Field> fields;
  std::string_view body;
};

/// A response that owns its octets.
struct Response {
  unsigned status = 200;
  Headers headers;
  std::string body;
};

/// "Not Found" for 404; "Unknown" for a number that RFC 9110 and its companions do not name.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace antiphon::http
