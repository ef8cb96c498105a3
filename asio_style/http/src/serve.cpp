#include "antiphon/asio_style/http/serve.hpp"

#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>

namespace antiphon::asio_style {

namespace {

/// All of a server's life, as one coroutine.
Task<int> run(EventLoop& loop, const std::string& host, std::uint16_t port, const http::Router& router,
              ServeOptions& options) {
  std::optional<HttpServer> server;
  try {
    server.emplace(loop, router, options.server);
    co_await server->bind(host, port);
  } catch (const std::exception& error) {
    options.server.log("cannot listen on " + host + ":" + std::to_string(port) + ": " + error.what());
    co_return 1;
  }
  if (options.after_start) co_await options.after_start(loop);
  co_await server->start_serving();

  const Future<void> stop_asked(loop);
  const auto stop = [&] {
    if (stop_asked.done()) server->abort();
    else stop_asked.set_result();
  };
  if (options.handle_signals) {
    for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, stop);
  }
  if (options.on_stopper) {
    options.on_stopper([&loop, stop] {
      try {
        loop.call_soon_threadsafe(stop);
      } catch (const RuntimeError&) {
        // The loop is closed: it has stopped already, which is what was asked for.
      }
    });
  }
  if (options.on_listening) options.on_listening(server->port());

  co_await stop_asked;
  if (options.before_stop) co_await options.before_stop(loop);
  const std::size_t aborted = co_await server->stop(options.graceful_timeout);
  if (aborted > 0) options.server.log(std::to_string(aborted) + " connections were aborted");
  co_return 0;
}

}  // namespace

int serve(const std::string& host, std::uint16_t port, const http::Router& router, ServeOptions options) {
  if (!options.server.log)
    options.server.log = [](std::string_view line) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    };
  EventLoop loop;
  const int status = loop.run_until_complete(run(loop, host, port, router, options));
  loop.close();
  return status;
}

}  // namespace antiphon::asio_style
