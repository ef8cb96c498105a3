#include "antiphon/cl_async_style/http/helper.hpp"

#include <csignal>
#include <fstream>
#include <iterator>

#include "antiphon/cl_async_style.hpp"
#include "antiphon/cl_async_style/http/listener.hpp"
#include "antiphon/cl_async_style/http/plugins.hpp"
#include "antiphon/cl_async_style/http/plugins/directory_router.hpp"
#include "antiphon/cl_async_style/http/routes.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr std::chrono::milliseconds drain{15'000};  // for answers under way when the signal comes

void run(const static_server_options& options, const std::function<void()>& define_routes) {
  start_event_loop(
      [&] {
        load_plugins();
        define_routes();
        const auto server = start_server({.bind = options.bind, .port = options.port});
        signal_handler(
            SIGINT, [server](int) { stop_server(*server, drain, [](std::size_t) { exit_event_loop(); }); });
        if (options.on_listening) options.on_listening(server->port());
      },
      {.catch_app_errors = true});
}

}  // namespace

void start_static_server(const std::filesystem::path& asset_dir, static_server_options options) {
  run(options, [&] { def_directory_route("/", asset_dir); });
}

void serve_html5_app(const std::filesystem::path& directory, const std::string& index_file,
                     static_server_options options) {
  run(options, [&] {
    const auto index = [path = directory / index_file](request&, response& to, const route_args&) {
      std::ifstream in(path, std::ios::binary);
      if (!in) next_route();
      const std::string page(std::istreambuf_iterator<char>(in), {});
      send_response(to, {.headers = {{"Content-Type", "text/html"}}, .body = page});
    };
    defroute("GET", "/", index, {.regex = false});
    def_directory_route("/", directory);
    defroute("GET", ".*", index);
  });
}

}  // namespace antiphon::cl_async_style
