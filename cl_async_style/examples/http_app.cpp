// The shared app over HTTP, and routes of Wookie's kind. Try: curl -v http://127.0.0.1:8080/bytes/10
//
// The shared app's handlers know nothing of this style: asio_style serves the same router.

#include <antiphon/app.hpp>
#include <antiphon/cl_async_style.hpp>
#include <antiphon/cl_async_style/http/hooks.hpp>
#include <antiphon/cl_async_style/http/listener.hpp>
#include <antiphon/cl_async_style/http/routes.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>

namespace as = antiphon::cl_async_style;

/// Counts to ten, a line each tenth of a second; the client that hangs up ends it.
void count(as::response& to, int next) {
  as::write_response(to, std::to_string(next) + "\n");
  if (next == 10) return as::finish_response(to);
  to.after(std::chrono::milliseconds(100), [&to, next] { count(to, next + 1); });
}

void routes() {
  as::mount(antiphon::app());
  as::defroute("GET", "/count", [](as::request&, as::response& to, const as::route_args&) {
    as::start_response(to);  // no length: in chunks
    count(to, 1);
  });
  as::defroute("GET", "/greet/([a-z]+)", [](as::request&, as::response& to, const as::route_args& args) {
    as::send_response(
        to, {.headers = {{"Content-Type", "text/plain"}}, .body = "hello, " + std::string(args[0]) + "\n"});
  });
  // A hook that is not done when it returns holds the request until it is.
  as::add_hook(as::hook::pre_route, [](as::request& of, as::response&) {
    if (of.path() != "/greet/slowly") return as::promise();
    return as::make_promise([](const as::resolver& done) {
      as::with_delay(std::chrono::milliseconds(100), [done] { done.resolve(); });
    });
  });
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
  try {
    as::with_event_loop({.catch_app_errors = true}, [port] {
      routes();
      const auto server = as::start_server({.bind = "127.0.0.1",
                                            .port = static_cast<std::uint16_t>(port),
                                            .limits = {.response_timeout = std::chrono::seconds(5)}});
      const auto stop = [server](int) {
        std::cout << "finishing what is under way" << std::endl;
        as::stop_server(*server, std::chrono::seconds(15), [](std::size_t) { as::exit_event_loop(); });
      };
      as::signal_handler(SIGINT, stop);
      as::signal_handler(SIGTERM, stop);
      std::cout << "listening on http://127.0.0.1:" << server->port() << std::endl;
    });
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "http_app: " << error.what() << "\n";
    return 1;
  }
}
