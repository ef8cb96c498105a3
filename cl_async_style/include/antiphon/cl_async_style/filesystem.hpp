#pragma once

#include <functional>
#include <memory>
#include <string>

#include "antiphon/cl_async_style/event_loop.hpp"

namespace antiphon::cl_async_style {

struct fs_options {
  /// Gets filesystem_enoent and the like. None: the error is thrown in the loop, as an application's (CL-230:
  /// upstream's default is `error`).
  event_callback event_cb{};
};

/// Makes a folder: `name_pattern` ends with XXXXXX, `fn` gets the name that it was given (CL-230).
void mkdtemp(const std::string& name_pattern, std::function<void(const std::string& path)> fn,
             fs_options options = {});

/// Watches a file or a folder.
class fs_monitor : public std::enable_shared_from_this<fs_monitor> {
 public:
  fs_monitor(const fs_monitor&) = delete;
  fs_monitor& operator=(const fs_monitor&) = delete;
  virtual ~fs_monitor() = default;

 protected:
  fs_monitor() = default;
};
/// `path`: the name within the folder that is watched, or of the file.
using fs_watch_callback =
    std::function<void(fs_monitor& which, const std::string& path, bool renamed, bool changed)>;
/// Calls for each change until it is closed; keeps the loop running (CL-230). Throws filesystem_enoent and
/// the like (CL-072).
std::shared_ptr<fs_monitor> fs_watch(const std::string& path, fs_watch_callback fn, fs_options options = {});
/// A second time: nothing.
void fs_monitor_close(fs_monitor& which);
inline void fs_unwatch(fs_monitor& which) {
  fs_monitor_close(which);
}

}  // namespace antiphon::cl_async_style
