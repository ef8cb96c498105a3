// set_socket_timeouts.
//
// Each timer is set once and, when it fires too early because something moved meanwhile, again for what is
// left: no timer is touched by a read or a write.

#include <algorithm>
#include <stdexcept>

#include "stream.hpp"

namespace antiphon::cl_async_style {

using std::chrono::milliseconds;

void stream::set_timeouts(std::optional<milliseconds> read, std::optional<milliseconds> write) {
  if (closed()) detail::condition_factory::raise_closed(self());  // CL-156
  if (in().upstream_quirks() && timeouts_) throw std::logic_error("timeouts cannot be set again (CL-159)");
  stop_timers();
  timeouts_ = std::make_unique<timeouts>();
  timeouts_->read = std::max(read.value_or(milliseconds(0)), milliseconds(0));
  timeouts_->write = std::max(write.value_or(milliseconds(0)), milliseconds(0));
  timeouts_->last_read = timeouts_->last_write = uv_now(in().uv());
  if (timeouts_->read.count() > 0) arm_read_timer(timeouts_->read);
  if (timeouts_->write.count() > 0) arm_write_timer(timeouts_->write);
}

void stream::arm_read_timer(milliseconds wait) {
  timeouts_->read_timer = delay(
      [this] {
        const milliseconds idle(uv_now(in().uv()) - timeouts_->last_read);
        if (idle >= timeouts_->read)
          fail(UV_ETIMEDOUT);
        else
          arm_read_timer(timeouts_->read - idle);
      },
      {.time = wait});
}

void stream::arm_write_timer(milliseconds wait) {
  timeouts_->write_timer = delay(
      [this] {
        const milliseconds idle(uv_now(in().uv()) - timeouts_->last_write);
        const bool stuck = buffered() > 0 && idle >= timeouts_->write;
        if (stuck || in().upstream_quirks())  // upstream's fires whatever was written (CL-158)
          fail(UV_ETIMEDOUT);
        else
          arm_write_timer(buffered() > 0 ? timeouts_->write - idle : timeouts_->write);
      },
      {.time = wait});
}

void stream::stop_timers() noexcept {
  if (!timeouts_) return;
  for (const auto& timer : {timeouts_->read_timer, timeouts_->write_timer})
    if (timer && !event_freed_p(*timer)) free_event(*timer);
  timeouts_->read_timer.reset();
  timeouts_->write_timer.reset();
}

}  // namespace antiphon::cl_async_style
