#pragma once

#include <memory>
#include <string>

#include "antiphon/app.hpp"
#include "antiphon/http/exchange.hpp"
#include "antiphon/http/request.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::bench {

/// The shared app and POST /sink, which drops the body and tells its length: an upload without a download.
inline http::Router bench_app() {
  http::Router routes = app();
  routes.add("POST", "/sink",
             [](const http::Request&, http::Exchange& exchange) {
               exchange.on_body([&exchange, octets = std::uint64_t{0}](auto piece, bool last) mutable {
                 octets += piece.size();
                 if (last) exchange.respond(200, "text/plain; charset=utf-8", std::to_string(octets));
               });
             },
             {.body = http::Body::streamed});
  return routes;
}

}  // namespace antiphon::bench
