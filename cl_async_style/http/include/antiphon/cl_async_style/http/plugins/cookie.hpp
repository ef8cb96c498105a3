#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "antiphon/cl_async_style/http/response.hpp"

namespace antiphon::cl_async_style {

/// Plugin "cookie": the cookie of that name (WK-166). Pairs are parted by ";", with or without white space,
/// and what has no "=" is no cookie (unlike upstream). A view into the request.
[[nodiscard]] std::optional<std::string_view> cookie_var(const request& of, std::string_view key);

struct set_cookie_options {
  std::string_view expires{};  ///< as it is to be written: "Sun, 06 Nov 1994 08:49:37 GMT"
  std::optional<std::chrono::seconds> max_age{};
  std::string_view path{};
  std::string_view domain{};
  bool http_only = false;
  bool secure = false;
  std::string_view same_site{};  ///< extension: "Lax", "Strict", "None"
};

/// Adds a Set-Cookie field to the response; one line a call, in the order of the calls (unlike upstream).
/// Throws std::invalid_argument for a name or a value that would end the pair: RFC 6265, 4.1.1. Works without
/// the plugin being loaded.
void set_cookie(response& to, std::string_view key, std::string_view value,
                const set_cookie_options& options = {});

}  // namespace antiphon::cl_async_style
