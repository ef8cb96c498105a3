#include <uv.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "antiphon/cl_async_style/events.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr std::chrono::milliseconds hundred_years = std::chrono::hours(24) * 36525;

/// A delay: on libuv's timer, or without one in the tick queue if it has no time.
class timer final : public event, public handle_owner {
 public:
  /// `every`: begins anew when its callback has returned, until it is freed (CL-205).
  timer(loop& in, callback fn, event_callback event_cb,
        std::optional<std::chrono::milliseconds> every = std::nullopt)
      : handle_owner(in), fn_(std::move(fn)), event_cb_(std::move(event_cb)), every_(every) {}

  void start(std::chrono::milliseconds time) {
    stop();
    if (time.count() <= 0) {
      in().next_tick(
          [this, asked = asked_] {
            if (asked == asked_) fire();
          },
          shared_from_this());
      return;
    }
    if (!has_handle_) {
      uv_timer_init(in().uv(), &timer_);
      timer_.data = this;
      in().adopt(std::static_pointer_cast<timer>(shared_from_this()));
      has_handle_ = true;
      set_ref(referenced_);
    }
    uv_timer_start(
        &timer_, [](uv_timer_t* handle) { static_cast<timer*>(handle->data)->fire(); },
        static_cast<std::uint64_t>(time.count()), 0);
  }
  void stop() {
    ++asked_;  // what is queued for a tick is no longer meant
    if (has_handle_) uv_timer_stop(&timer_);
  }

  void check_not_freed() {
    if (freed_) throw event_freed(shared_from_this());
  }
  [[nodiscard]] bool freed() const noexcept { return freed_; }
  void set_ref(bool on) {
    referenced_ = on;
    if (!has_handle_ || freed_) return;
    auto* handle = reinterpret_cast<uv_handle_t*>(&timer_);
    on ? uv_ref(handle) : uv_unref(handle);
  }
  void free() {
    ++asked_;
    freed_ = true;
    fn_ = nullptr;  // it may hold this event, and would keep it for ever
    if (!has_handle_) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&timer_), [](uv_handle_t* handle) {
      auto& which = *static_cast<timer*>(handle->data);
      which.in().release(which);
    });
  }
  void close_at_exit() noexcept override {
    if (!freed_) free();  // it never fires (CL-019)
  }

 private:
  void fire() {
    if (freed_ || in().closing()) return;
    const auto keep = shared_from_this();
    callback fn = std::move(fn_);
    if (!every_) free();  // before the call: in it the event counts as freed (CL-203)
    const bool went_well = in().guard(event_cb_, fn);
    if (freed_ || in().closing()) return;
    if (!went_well && in().upstream_quirks()) return free();  // CL-206
    fn_ = std::move(fn);
    start(*every_);
  }

  uv_timer_t timer_{};
  callback fn_;
  event_callback event_cb_;
  std::optional<std::chrono::milliseconds> every_;
  std::uint64_t asked_ = 0;
  bool has_handle_ = false;
  bool referenced_ = true;
  bool freed_ = false;
};

timer& of(event& which) noexcept {
  return static_cast<timer&>(which);
}

}  // namespace

std::shared_ptr<event> delay(callback fn, delay_options options) {
  auto made = std::make_shared<timer>(loop::to_open_in(), std::move(fn), std::move(options.event_cb));
  made->start(options.time);
  return made;
}
std::shared_ptr<event> make_event(callback fn, event_callback event_cb) {
  return delay(std::move(fn), {.time = hundred_years, .event_cb = std::move(event_cb)});
}

void remove_event(event& which) {
  of(which).check_not_freed();
  of(which).stop();
}
void add_event(event& which, std::chrono::milliseconds time) {
  of(which).check_not_freed();
  of(which).start(time);
}
void free_event(event& which) {
  of(which).check_not_freed();
  of(which).free();
}
bool event_freed_p(const event& which) noexcept {
  return static_cast<const timer&>(which).freed();
}
void ref(event& which) {
  of(which).set_ref(true);
}
void unref(event& which) {
  of(which).set_ref(false);
}

std::function<void()> interval(callback fn, std::chrono::milliseconds time, event_callback event_cb) {
  const auto every = std::max(time, std::chrono::milliseconds(1));
  auto made = std::make_shared<timer>(loop::to_open_in(), std::move(fn), std::move(event_cb), every);
  made->start(every);
  return [made] {
    if (!made->freed()) made->free();
  };
}
void remove_interval(const std::function<void()>& cancel) {
  if (cancel) cancel();
}

}  // namespace antiphon::cl_async_style
