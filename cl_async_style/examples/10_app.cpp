// The shared app over HTTP, and routes of its own.
//
// usage: 10_app [PORT]        try: curl -v http://127.0.0.1:8080/bytes/10  or .../count  or .../greet/ann

#include <antiphon/app.hpp>
#include <antiphon/cl_async_style.hpp>
#include <antiphon/cl_async_style/http/hooks.hpp>
#include <antiphon/cl_async_style/http/listener.hpp>
#include <antiphon/cl_async_style/http/routes.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>

namespace as = antiphon::cl_async_style;

// [stream] Counts to ten, a line each tenth of a second. The client that hangs up ends it: `after` is the
// response's own, and goes with it.
void count(as::response& to, int next) {
  as::write_response(to, std::to_string(next) + "\n");
  if (next == 10) return as::finish_response(to);
  to.after(std::chrono::milliseconds(100), [&to, next] { count(to, next + 1); });
}

// [routes] Routes belong to the loop, as Wookie's do; a resource is a regular expression, whose groups are
// the arguments. The shared app, whose handlers know nothing of this style, is mounted beside them.
void routes() {
  as::mount(antiphon::app());
  as::defroute("GET", "/count", [](as::request&, as::response& to, const as::route_args&) {
    as::start_response(to);  // no length: in chunks
    count(to, 1);
  });
  as::defroute("GET", "/greet/([^/]+)", [](as::request&, as::response& to, const as::route_args& args) {
    as::send_response(
        to, {.headers = {{"Content-Type", "text/plain"}}, .body = "hello, " + std::string(args[0]) + "\n"});
  });
  // [slowly] A hook that is not done when it returns holds the request until it is: the promise says when.
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
      // [listen] The listener is one of the things in the loop; there may be others.
      const auto server = as::start_server({.bind = "127.0.0.1",
                                            .port = static_cast<std::uint16_t>(port),
                                            .limits = {.response_timeout = std::chrono::seconds(5)}});
      // [stop] What to do at a signal is ours to say: what is under way is finished first.
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
    std::cerr << "10_app: " << error.what() << "\n";
    return 1;
  }
}
