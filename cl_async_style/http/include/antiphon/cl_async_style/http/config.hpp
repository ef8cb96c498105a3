#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace antiphon::cl_async_style {

/// Wookie's special variables (WK-010 to WK-014), for the listeners of this thread.
struct wookie_config {
  /// Octets of a body that is collected, above which the answer is 413 (WK-011, WK-150). None: as much as the
  /// listener takes at all. Upstream's 2 MiB are to be asked for.
  std::optional<std::size_t> max_body_size{};
  /// False: answers have a Server field. Upstream tells by default.
  bool hide_version = true;
  /// What load_plugins loads (WK-013).
  std::vector<std::string> enabled_plugins{"get",      "post",   "multipart",
                                           "http-var", "cookie", "directory-router"};
  /// Where uploaded files are kept until their request is answered. Empty: the system's place for such.
  std::filesystem::path tmp_file_store{};
  /// The vhost of routes that name none (WK-014).
  std::string default_vhost{};
};

[[nodiscard]] wookie_config& config();

/// Routes that `define` defines are for that host (WK-014).
void with_vhost(std::string_view host, const std::function<void()>& define);

}  // namespace antiphon::cl_async_style
