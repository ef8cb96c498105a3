// antiphon serve: the shared app in one of the two styles.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "antiphon/app.hpp"
#include "antiphon/asio_style/http/serve.hpp"
#include "antiphon/cl_async_style/http/serve.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

struct Options {
  std::string style;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
};

/// One line on standard output, so that a script can wait for it and learn the port.
std::function<void(std::uint16_t)> announce(const Options& options, const char* model) {
  return [host = options.host, model](std::uint16_t port) {
    const bool v6 = host.find(':') != std::string::npos;
    std::printf("listening on http://%s%s%s:%d (%s)\n", v6 ? "[" : "", host.c_str(), v6 ? "]" : "", port,
                model);
    std::fflush(stdout);
  };
}

Exit serve(const Options& options) {
  const int status = options.style == "asio"
                         ? asio_style::serve(options.host, options.port, app(),
                                             {.on_listening = announce(options, "asio_style")})
                         : cl_async_style::serve(options.host, options.port, app(),
                                                 {.on_listening = announce(options, "cl_async_style")});
  return status == 0 ? Exit::success : Exit::failure;
}

}  // namespace

void add_serve_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("serve", "Serve the shared app over HTTP until SIGINT or SIGTERM");
  verb->add_option("--style", options->style, "The model: asio or cl-async")
      ->required()
      ->check(CLI::IsMember({"asio", "cl-async"}));
  verb->add_option("--host", options->host, "The address to listen on")->capture_default_str();
  verb->add_option("--port", options->port, "The port; 0 takes a free one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  verb->callback([options, &chosen] { chosen = [options] { return serve(*options); }; });
}

}  // namespace antiphon::cli
