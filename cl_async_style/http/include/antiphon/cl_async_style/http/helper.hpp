#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace antiphon::cl_async_style {

/// Ready-made servers (WK-169): each runs a loop of its own and returns when SIGINT came, after the answers
/// under way. They throw as start_server and def_directory_route do.
struct static_server_options {
  std::optional<std::string> bind{};
  std::uint16_t port = 8080;
  std::function<void(std::uint16_t port)> on_listening{};  ///< extension
};

/// The files below a directory; 404 for anything else.
void start_static_server(const std::filesystem::path& asset_dir = "./", static_server_options options = {});
/// The files below a directory; for "/" and for what is not there the index file, which routes in the
/// browser.
void serve_html5_app(const std::filesystem::path& directory = "./",
                     const std::string& index_file = "index.html", static_server_options options = {});

}  // namespace antiphon::cl_async_style
