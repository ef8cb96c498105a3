// The shared app over HTTP, and routes of its own.
//
// usage: 10_app [PORT]        try: curl -v http://127.0.0.1:8080/bytes/10  or .../count  or .../greet/ann

#include <antiphon/app.hpp>
#include <antiphon/asio_style/http/serve.hpp>
#include <cstdlib>
#include <iostream>

namespace as = antiphon::asio_style;
namespace http = antiphon::http;

// [stream] Counts to ten, a line each tenth of a second. The client that hangs up ends it: `after` is the
// exchange's own, and goes with it.
void count(http::Exchange& exchange, int next) {
  exchange.write(std::to_string(next) + "\n");
  if (next == 10) return exchange.finish();
  exchange.after(std::chrono::milliseconds(100), [&exchange, next] { count(exchange, next + 1); });
}

// [routes] A router is a value: it is filled, then only read. Its handlers know a `Request` and an `Exchange`
// and nothing of this style; the shared app's serve in cl_async_style, too.
http::Router routes() {
  http::Router router = antiphon::app();
  router.add("GET", "/count", [](const http::Request&, http::Exchange& exchange) {
    exchange.start(200, {}, std::nullopt);  // no length: in chunks
    count(exchange, 1);
  });
  router.add("GET", "/greet/{name}", [](const http::Request& request, http::Exchange& exchange) {
    // [slowly] An answer that is not ready yet: the handler returns, and the exchange waits.
    const auto greet = [text = "hello, " + std::string(request.param("name")) + "\n", &exchange] {
      exchange.respond(200, "text/plain", text);
    };
    if (request.param("name") != "slowly") return greet();
    exchange.after(std::chrono::milliseconds(100), greet);
  });
  return router;
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
  const http::Router router = routes();
  // [listen] `serve` is a whole main: a loop, the server, the signals, the draining.
  as::ServeOptions options;
  options.server.limits.request_timeout = std::chrono::seconds(5);
  options.on_listening = [](std::uint16_t listening) {
    std::cout << "listening on http://127.0.0.1:" << listening << std::endl;
  };
  // [stop] SIGINT and SIGTERM are handled by `serve`: what is under way is finished first.
  options.before_stop = [](as::EventLoop&) { std::cout << "finishing what is under way" << std::endl; };
  return as::serve("127.0.0.1", static_cast<std::uint16_t>(port), router, options);
}
