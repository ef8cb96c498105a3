#pragma once

#include <vector>

#include "antiphon/cl_async_style/http/plugins.hpp"

namespace antiphon::cl_async_style {

/// The plugins that every thread knows from the start.
[[nodiscard]] std::vector<plugin> core_plugins();

[[nodiscard]] plugin get_plugin();
[[nodiscard]] plugin post_plugin();
[[nodiscard]] plugin multipart_plugin();
[[nodiscard]] plugin cookie_plugin();

}  // namespace antiphon::cl_async_style
