#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "antiphon/cl_async_style/http/request.hpp"

namespace antiphon::cl_async_style {

enum class var_source { get, post, multipart };

/// Plugin "http-var": the first that has such a variable, in that order (WK-167).
[[nodiscard]] std::optional<std::string_view> http_var(const request& of, std::string_view key,
                                                       std::initializer_list<var_source> order = {
                                                           var_source::get, var_source::post,
                                                           var_source::multipart});

}  // namespace antiphon::cl_async_style
