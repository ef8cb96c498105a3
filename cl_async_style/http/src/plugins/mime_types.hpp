#pragma once

#include <string_view>

namespace antiphon::cl_async_style {

/// The Content-Type for a file of that name; application/octet-stream if its extension tells nothing
/// (WK-168).
[[nodiscard]] std::string_view mime_type(std::string_view filename) noexcept;

}  // namespace antiphon::cl_async_style
