// From a request to its handler.

#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

void conversation::find_route() {
  route_ = server_.state().find(request_, routes_tried_);
}

void conversation::dispatch() {
  while (true) {
    try {
      if (route_.found == nullptr) throw route_not_found(0, "no route for " + std::string(request_.path()));
      server_.state().run_hooks(hook::pre_route, request_, *this);
      if (answering_ != answering::waiting) return;  // a hook has answered
      if (route_.found->mounted == nullptr) {
        const auto keep = route_.found->handler;
        keep(request_, *this, route_.args);
      } else if (route_.mounted.found == http::Router::Found::route) {
        route_.mounted.route->handler(request_, *this);
      } else {
        http::respond_not_found(route_.mounted, *this);
      }
      if (answering_ == answering::waiting || answering_ == answering::started)
        server_.state().run_hooks(hook::post_route, request_, *this);
      return;
    } catch (const next_route_signal&) {
      if (answering_ != answering::waiting) return;
      find_route();
    }
  }
}

/// Wookie's main-event-handler (WK-104): who registered is asked first, then the default answers.
void conversation::handle_error(const std::exception& error) {
  if (answering_ == answering::waiting) {
    for (const error_handler& handler : server_.state().error_handlers)
      if (handler(error, request_, *this)) return;
    if (condition_cast<route_not_found>(error)) {
      http::Exchange::respond(404, "text/plain; charset=utf-8", "not found\n");
      return;
    }
    server_.tell(error);
    // Not the error's text, which is not the client's business (unlike upstream, WK-111).
    http::Exchange::respond(500, "text/plain; charset=utf-8", "internal server error\n");
  } else if (answering_ == answering::started) {
    server_.tell(error);
    abort();  // half an answer cannot be taken back
  } else {
    server_.tell(error);  // trap T13: the answer has gone
  }
}

}  // namespace antiphon::cl_async_style
