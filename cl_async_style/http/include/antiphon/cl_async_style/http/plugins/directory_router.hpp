#pragma once

#include <filesystem>
#include <string_view>

namespace antiphon::cl_async_style {

struct directory_route_options {
  bool disable_directory_listing = false;  ///< a directory is then the next route's, normally a 404
};

/// Plugin "directory-router": GET and HEAD of `route_path` and all below it give the files under `local_path`
/// (WK-168): a directory as an HTML list, a file as its octets with a type by its extension. What is not
/// there, and what would be outside `local_path` (unlike upstream, WK-170), is the next route's, normally a
/// 404. Links are followed as long as they stay inside.
///
/// A file is sent with Content-Length, in pieces that keep pace with the client (unlike upstream). No ranges,
/// no conditions, no index.html. Works without the plugin being loaded. Throws std::invalid_argument if
/// `local_path` is no directory.
void def_directory_route(std::string_view route_path, const std::filesystem::path& local_path,
                         directory_route_options options = {});

}  // namespace antiphon::cl_async_style
