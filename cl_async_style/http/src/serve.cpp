#include "antiphon/cl_async_style/http/serve.hpp"

#include <csignal>
#include <cstdio>

#include "antiphon/cl_async_style.hpp"
#include "antiphon/cl_async_style/http/routes.hpp"

namespace antiphon::cl_async_style {

int serve(const std::string& host, std::uint16_t port, const http::Router& router, serve_options options) {
  const auto log = [&options](const std::string& line) {
    if (options.log)
      options.log(line);
    else
      std::fprintf(stderr, "%s\n", line.c_str());
  };
  int status = 0;
  const auto start = [&] {
    clear_routes();
    mount(router);
    std::shared_ptr<http_server> server;
    try {
      const listener plain{.bind = host,
                           .port = port,
                           .backlog = options.backlog,
                           .event_cb =
                               [log](const std::exception& event, const std::shared_ptr<socket>&) {
                                 // A client that goes is no news; what it did wrong, or a handler, is.
                                 if (!condition_cast<streamish_error>(event)) log(event.what());
                               },
                           .reuse_port = options.reuse_port,
                           .limits = options.limits,
                           .telemetry = options.telemetry};
      server = options.ssl ? start_server(ssl_listener(plain, *options.ssl)) : start_server(plain);
    } catch (const std::exception& error) {
      log("cannot listen on " + host + ":" + std::to_string(port) + ": " + error.what());
      status = 1;
      exit_event_loop();
      return;
    }
    const auto stop = [server, &options, log] {
      stop_server(*server, options.drain, [log](std::size_t forced) {
        if (forced > 0) log(std::to_string(forced) + " connections were closed by force");
        exit_event_loop();
      });
    };
    if (options.handle_signals) {
      for (const int signo : {SIGINT, SIGTERM}) signal_handler(signo, [stop](int) { stop(); });
    }
    if (options.on_stopper) {
      const auto bell = make_notifier(stop, {.single_shot = false});
      options.on_stopper([bell] {
        try {
          trigger_notifier(*bell);
        } catch (const notifier_freed&) {
          // It has stopped already, which is what was asked for.
        }
      });
    }
    if (options.on_listening) options.on_listening(server->port());
  };
  start_event_loop(start, {.catch_app_errors = [log](const std::exception& error) { log(error.what()); }});
  return status;
}

}  // namespace antiphon::cl_async_style
