#pragma once

#include <optional>
#include <string_view>

#include "antiphon/cl_async_style/http/request.hpp"

namespace antiphon::cl_async_style {

/// Plugin "get": the variable of the query string, "%XX" and "+" decoded (WK-163); of repeated ones the last.
/// None if there is none of that name or the plugin is not loaded. A view into the request.
///
/// With it, `_method` in the query replaces the request's method for routing (WK-041).
[[nodiscard]] std::optional<std::string_view> get_var(const request& of, std::string_view key);

}  // namespace antiphon::cl_async_style
