#pragma once

#include <optional>
#include <string_view>

#include "antiphon/cl_async_style/http/request.hpp"

namespace antiphon::cl_async_style {

/// Plugin "post": the variable of a form (application/x-www-form-urlencoded) or the member of a JSON object
/// that came as the body (WK-164). A member that is no string is given as JSON text. None if there is none of
/// that name, the body was not stored, or the plugin is not loaded. A view into the request.
///
/// A body that begins like JSON is tried as JSON whatever its Content-Type; if it is none, there are no
/// variables, except that one which says it is JSON is answered with 400.
[[nodiscard]] std::optional<std::string_view> post_var(const request& of, std::string_view key);

}  // namespace antiphon::cl_async_style
