#include "antiphon/cl_async_style/http/errors.hpp"

#include <algorithm>

#include "conversation.hpp"
#include "state.hpp"

namespace antiphon::cl_async_style {

namespace {

/// The end of a connection, after which there is nobody to answer.
bool ends_connection(const std::exception& event) {
  return condition_cast<streamish_eof>(event) != nullptr ||
         condition_cast<streamish_broken_pipe>(event) != nullptr ||
         condition_cast<streamish_canceled>(event) != nullptr;
}

}  // namespace

void main_event_handler(const std::exception& event, const std::shared_ptr<socket>& which,
                        const listener_event_callback& event_cb) {
  if (event_cb) return event_cb(event, which);
  if (!which || socket_closed_p(*which) || ends_connection(event)) return;
  if (auto* one = conversation::of(*which)) one->handle_error(event);
}

void listener_event_handler(const std::exception& event, const listener_event_callback& event_cb) {
  main_event_handler(event, event_socket(event), event_cb);
}

namespace detail {

void add_error_handler(const error_class& kind, error_handler handler) {
  wookie_state::current().error_handlers.change([&](auto& known) {
    // Before the first class that covers this one and is not the same; so the list stays sorted.
    const auto wider = std::find_if(known.begin(), known.end(), [&](const known_error_handler& other) {
      return other.kind->catches(kind.throw_pointer) && !kind.catches(other.kind->throw_pointer);
    });
    known.insert(wider, {&kind, std::move(handler)});
  });
}

}  // namespace detail

void clear_error_handlers() {
  wookie_state::current().error_handlers.clear();
}

}  // namespace antiphon::cl_async_style
