#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "server.hpp"

namespace antiphon::wookie_replay {

/// Defines the routes of the application that the recorder served. The traces do not carry it: these routes
/// are what the stored traces show of it. A trace that calls a handler which they do not have is read for
/// what that handler answered, and gets a route that answers so.
void define_recorded_app(const nlohmann::json& trace, event_log& log, script_clock& clock);
/// The further routes of scripts with "plugins".
void define_plugin_app(event_log& log, const std::filesystem::path& folder);
/// Adds the hooks of scripts with "hooks": each is logged; of "KIND-defer" and "KIND-error" that kind also
/// returns a promise for later or fails.
void define_hooks(const std::string& what, event_log& log,
                  const std::function<int(cl_async_style::socket&)>& number);
/// The files below `folder` that the recorder served, and one beside it.
void write_files(const std::filesystem::path& folder);

}  // namespace antiphon::wookie_replay
