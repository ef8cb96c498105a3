// From a request to its handler: hooks, routes, errors.

#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

// Hooks

void conversation::after_hooks(const promise& hooks, step next) {
  if (hooks.finished()) return (this->*next)();
  holding_ = true;
  turn_->parser.pause();
  attach(
      hooks,
      [weak = weak_from_this(), exchange = exchanges_, next] {
        if (const auto self = weak.lock()) self->hooks_done(exchange, next, nullptr);
      },
      [weak = weak_from_this(), exchange = exchanges_, next](const std::exception_ptr& error) {
        if (const auto self = weak.lock()) self->hooks_done(exchange, next, error);
      });
}

void conversation::hooks_done(std::size_t exchange, step next, const std::exception_ptr& error) {
  // Meanwhile the request may have been answered, or its client gone.
  if (exchange != exchanges_ || !holding_ || socket_closed_p(socket_)) return;
  holding_ = false;
  if (!body_paused_) turn_->parser.resume();
  since_ = server_.now();
  guarded([&] {
    if (error) std::rethrow_exception(error);
    (this->*next)();
  });
}

/// The :connect hooks come before anything is read (WK-020, WK-021).
void conversation::connected() {
  if (server_.connections() > server_.limits().connections) return bail_out(503, "too many connections");
  const auto refuse = [this](const std::exception& error) {
    tell(error);
    abort();
  };
  try {
    const promise hooks = state_.run(hook::connect, socket_);
    if (hooks.finished()) return;
    holding_ = true;
    attach(
        hooks,
        [weak = weak_from_this()] {
          const auto self = weak.lock();
          if (!self) return;
          self->holding_ = false;
          self->since_ = self->server_.now();
          self->parse_ahead();
        },
        [weak = weak_from_this(), refuse](const std::exception_ptr& error) {
          if (weak.expired()) return;
          try {
            std::rethrow_exception(error);
          } catch (const std::exception& why) {
            refuse(why);
          } catch (...) {
            refuse(event_error(0, "a :connect hook has failed"));
          }
        });
  } catch (const std::exception& error) {
    refuse(error);
  } catch (...) {
    refuse(event_error(0, "a :connect hook has failed"));
  }
}

// Routes

void conversation::find_route() {
  state_.find(turn_->request, turn_->routes_tried, turn_->route);
}

void conversation::dispatch() {
  dispatched_ = true;  // once a request (WK-043)
  hooked<&conversation::run_handler>(hook::pre_route, turn_->request, *this);
}

void conversation::run_handler() {
  while (answering_ == answering::waiting) {  // else a hook has answered
    if (!turn_->route.found) throw route_not_found(std::string(turn_->request.path()), socket_.ref());
    try {
      call_handler();
      return run_post_route();
    } catch (const next_route_signal&) {
      if (answering_ != answering::waiting) return;
      find_route();
    }
  }
}

void conversation::call_handler() {
  const route& running =
      *turn_->route.found;  // which is kept, though it may be taken out of the routes meanwhile
  if (running.mounted == nullptr) {
    running.handler(turn_->request, *this, turn_->route.args);
    // Who wants no pieces kept takes them from the client only when somebody is there to get them.
    if (turn_->route.chunk() && !running.options.buffer_body && !turn_->on_body && answerable()) pause_body();
  } else if (turn_->route.mounted.found == http::Router::Found::route) {
    turn_->route.mounted.route->handler(turn_->request, *this);
  } else {
    http::respond_not_found(turn_->route.mounted, *this);
  }
}

void conversation::run_post_route() {
  if (!state_.has(hook::post_route)) return;
  const promise hooks = state_.run(hook::post_route, turn_->request, *this);
  attach(hooks, {}, [weak = weak_from_this(), exchange = exchanges_](const std::exception_ptr& error) {
    const auto self = weak.lock();
    if (self && self->exchanges_ == exchange) self->guarded([&] { std::rethrow_exception(error); });
  });
}

// Errors

bool conversation::ask_error_handlers(const std::exception& error) {
  const auto handlers = state_.error_handlers.get();
  if (!handlers) return false;
  for (const auto& [kind, handle] : *handlers)
    if (kind->covers(error) && handle(error, turn_->request, *this)) return true;
  return false;
}

/// The end of main_event_handler for a request that waits for its answer (WK-104).
void conversation::handle_error(const std::exception& error) {
  const bool not_found = condition_cast<route_not_found>(error) != nullptr;
  if (answering_ == answering::waiting) {
    failed_ = true;
    bool taken = false;
    try {
      taken = ask_error_handlers(error);
    } catch (const std::exception& again) {
      tell(again);
    } catch (...) {
      tell(event_error(0, "an error handler has thrown what is no std::exception"));
    }
    if (!taken && !not_found) tell(error);
    // The error's text is not the client's business (unlike upstream, WK-111).
    if (!taken && answering_ == answering::waiting)
      default_answer(not_found ? 404 : 500, not_found ? "not found\n" : "internal server error\n");
  } else {
    tell(error);  // trap T13: of an answer that has gone nothing can be said any more
    if (answering_ == answering::started) abort();  // half an answer cannot be taken back
  }
  if (!holding_ && (receiving_ == receiving::whole || receiving_ == receiving::told))
    set(receiving::complete);
}

}  // namespace antiphon::cl_async_style
