// set_socket_timeouts: the timers of idle_limits.

#include <stdexcept>

#include "stream.hpp"

namespace antiphon::cl_async_style {

void stream::set_timeouts(std::optional<std::chrono::milliseconds> read,
                          std::optional<std::chrono::milliseconds> write) {
  if (closed()) detail::condition_factory::raise_closed(self());  // CL-156
  if (upstream_quirks() && timers_ && (timers_->read || timers_->write))
    throw std::logic_error("timeouts cannot be set again (CL-159)");
  stop_timers();
  timers_ = std::make_unique<timers>();
  limit_idleness(read, write);
}

void stream::set_timer(limited which, std::chrono::milliseconds time) {
  (which == limited::reading ? timers_->read : timers_->write) =
      delay([this, which] { timer_fired(which); }, {.time = time});
}

void stream::stop_timers() noexcept {
  if (!timers_) return;
  for (const auto& timer : {timers_->read, timers_->write})
    if (timer && !event_freed_p(*timer)) free_event(*timer);
  timers_->read.reset();
  timers_->write.reset();
}

}  // namespace antiphon::cl_async_style
