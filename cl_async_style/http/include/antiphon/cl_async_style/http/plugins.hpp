#pragma once

#include <any>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/cl_async_style/http/request.hpp"

namespace antiphon::cl_async_style {

/// A plugin adds hooks and routes to the listeners of a thread when it is loaded, and takes them back when it
/// is unloaded. The core plugins (plugins/*.hpp) are known from the start; all cost nothing until they are
/// loaded.
struct plugin {
  std::string name;
  std::function<void()> init;
  std::function<void()> unload{};
  std::vector<std::string> depends_on{};  ///< loaded before it, unloaded after it
};

/// Makes a plugin known in this thread and loads it at once if it is enabled and not loaded yet (WK-161).
void register_plugin(plugin which);
/// Loads all enabled plugins, after unloading those that were loaded (WK-160). A plugin is code of the
/// program, not a directory of sources to be looked for. Throws wookie_error for a name that is enabled, or
/// depended on, and not known, and for plugins that depend on each other.
void load_plugins();
/// Unloads it, before that those that depend on it. Nothing if it is not loaded.
void unload_plugin(std::string_view name);
[[nodiscard]] bool plugin_loaded_p(std::string_view name);

/// A plugin's settings (WK-162); what is in it is between it and the application.
[[nodiscard]] std::any& plugin_config(std::string_view name);
/// What a plugin keeps with a request (WK-162). `plugin` must outlive the request: a literal.
[[nodiscard]] std::any& plugin_request_data(std::string_view plugin, request& of);
/// Null if it keeps nothing.
[[nodiscard]] const std::any* plugin_request_data(std::string_view plugin, const request& of) noexcept;

}  // namespace antiphon::cl_async_style
