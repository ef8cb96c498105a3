// What the parser tells, and the steps from there to the request's handler: hooks, routes, errors.

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

// Steps of a request, the last one first: each may be the end of the one before, and in a request that no
// hook keeps waiting all are one call.

void conversation::run_post_route() {
  if (!state_.has(hook::post_route)) return;
  const promise hooks = state_.run(hook::post_route, turn_->request, *this);
  attach(hooks, {}, [weak = weak_from_this(), exchange = exchanges_](const std::exception_ptr& error) {
    const auto self = weak.lock();
    if (self && self->exchanges_ == exchange) self->guarded([&] { std::rethrow_exception(error); });
  });
}

inline void conversation::call_handler() {
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

inline void conversation::find_route() {
  state_.find(turn_->request, turn_->routes_tried, turn_->route);
}

inline void conversation::run_handler() {
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

inline void conversation::dispatch() {
  dispatched_ = true;  // once a request (WK-043)
  hooked<&conversation::run_handler>(hook::pre_route, turn_->request, *this);
}

inline void conversation::body_known() {
  set(receiving::complete);
  if (answering_ == answering::waiting && !dispatched_ && !failed_) dispatch();
}

inline void conversation::body_ended() {
  set(receiving::told);
  if (turn_->route.chunk() && turn_->on_body) call(turn_->on_body, std::span<const std::byte>(), true);
  if (failed_ || socket_closed_p(socket_)) return body_known();
  hooked<&conversation::body_known>(hook::body_complete, turn_->request);
}

inline void conversation::plan_known() {
  using Taking = http::BodyPlan::Taking;
  const Taking taking = turn_->plan.taking();
  // Without a route the client shall not send its body for nothing (WK-071).
  if (taking == Taking::pieces || (taking == Taking::nothing && turn_->plan.answer_at_once())) dispatch();
}

inline void conversation::head_known() {
  if (answering_ != answering::waiting) return;  // a hook has answered
  turn_->routes_tried = 0;
  find_route();
  using Taking = http::BodyPlan::Taking;
  const route* const found = turn_->route.found.get();
  const bool wanted = found != nullptr &&
                      (found->mounted == nullptr || turn_->route.mounted.found == http::Router::Found::route);
  const Taking taking = !wanted ? Taking::nothing : turn_->route.chunk() ? Taking::pieces : Taking::whole;
  turn_->plan.begin(turn_->request, taking, server_.limits().unwanted_body);
  if (taking != Taking::whole)
    turn_->request.store_body_ = false;  // unless with_chunking wants it (WK-062)
  else if (turn_->request.store_body_ && turn_->request.content_length() &&
           !storable(0, static_cast<std::size_t>(*turn_->request.content_length())))
    return;
  if (!turn_->request.expects_continue() || !wanted || found->options.suppress_100) return plan_known();
  if (!parsing_) return invite(!turn_->ahead.empty());
  inviting_ = true;  // what stands behind the head is seen when the parser has returned
  turn_->parser.pause();
}

/// The client waits for 100 Continue (WK-070), unless its body is there already (RFC 9110, 10.1.1).
void conversation::invite(bool at_hand) {
  if (!body_paused_) turn_->parser.resume();
  if (at_hand) turn_->plan.at_hand();
  send_100_continue();
  plan_known();
}

// The parser's calls

void conversation::header_callback(const http::MessageHead& head) {
  turn_->request.set_method(head.method);
  turn_->request.set_version(head.version_major, head.version_minor);
  turn_->request.set_keep_alive(head.keep_alive);
  turn_->request.set_content_length(head.content_length);
  turn_->request.set_expects_continue(head.expects_continue);
  set(receiving::body);
  set(answering::waiting);
  first_ = false;
  if (server_.watched()) turn_->began = clock::now();
  if (state_.has(hook::parsed_headers))  // which may answer: until it is known
    turn_->plan.begin(turn_->request, http::BodyPlan::Taking::nothing, server_.limits().unwanted_body);
  dispatched_ = failed_ = no_hooks_ = false;
  ++exchanges_;
  turn_->writer.begin(turn_->request, !server_.draining());
  guarded([this] { hooked<&conversation::head_known>(hook::parsed_headers, turn_->request); });
}

void conversation::body_callback(std::span<const std::byte> octets) {
  since_ = server_.now();
  if (!turn_->plan.received(octets.size())) {
    // Too much of what nobody wants: it is answered now, or has been, and the rest is not read.
    if (answering_ == answering::waiting && !dispatched_ && !failed_)
      guarded([this] { dispatch(); });
    else if (!answerable())
      linger();
    return;
  }
  if (failed_ || !answerable()) return;  // answered already: dropped
  if (!state_.has(hook::body_chunk)) {
    deliver(octets);
    return;
  }
  guarded([&] {
    const promise hooks = state_.run(hook::body_chunk, turn_->request, octets, false);
    if (hooks.finished()) return deliver(octets);
    turn_->registered = true;
    turn_->early.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    after_hooks(hooks, &conversation::deliver_held);
  });
}

void conversation::finish_callback() {
  if (failed_ || !answerable()) {
    set(receiving::complete);
    settle();
    return;
  }
  set(receiving::whole);
  guarded([this] {
    hooked<&conversation::body_ended>(hook::body_chunk, turn_->request, std::span<const std::byte>(), true);
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
