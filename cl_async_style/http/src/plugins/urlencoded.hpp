#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style/http/plugins.hpp"

namespace antiphon::cl_async_style {

/// Names and values in the order in which they came.
using variables = std::vector<std::pair<std::string, std::string>>;

/// "a=1&b=x+y%21" decoded. What is no escape stays as it is.
[[nodiscard]] variables decode_urlencoded(std::string_view text);

/// The last one of that name that the plugin keeps with the request.
[[nodiscard]] std::optional<std::string_view> find_variable(std::string_view plugin, const request& of,
                                                            std::string_view key);

}  // namespace antiphon::cl_async_style
