// The shared app over HTTP, and a route of its own. Try: curl -v http://127.0.0.1:8080/bytes/10
//
// The handlers know nothing of this style: cl_async_style serves the same router.

#include <antiphon/app.hpp>
#include <antiphon/asio_style/http/serve.hpp>
#include <cstdlib>
#include <iostream>

namespace as = antiphon::asio_style;
namespace http = antiphon::http;

/// Counts to ten, a line each tenth of a second; the client that hangs up ends it.
void count(http::Exchange& exchange, int next) {
  exchange.write(std::to_string(next) + "\n");
  if (next == 10) return exchange.finish();
  exchange.after(std::chrono::milliseconds(100), [&exchange, next] { count(exchange, next + 1); });
}

http::Router routes() {
  http::Router router = antiphon::app();
  router.add("GET", "/count", [](const http::Request&, http::Exchange& exchange) {
    exchange.start(200, {}, std::nullopt);  // no length: in chunks
    count(exchange, 1);
  });
  return router;
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
  const http::Router router = routes();
  as::ServeOptions options;
  options.server.limits.request_timeout = std::chrono::seconds(5);
  options.on_listening = [](std::uint16_t listening) {
    std::cout << "listening on http://127.0.0.1:" << listening << std::endl;
  };
  options.before_stop = [](as::EventLoop&) { std::cout << "finishing what is under way" << std::endl; };
  return as::serve("127.0.0.1", static_cast<std::uint16_t>(port), router, options);
}
