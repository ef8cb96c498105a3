#include "antiphon/cl_async_style/events.hpp"

#include <uv.h>

#include <algorithm>

#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

/// A delay: on libuv's timer, or without one in the tick queue if it has no time.
class timer final : public event, public handle_owner, public std::enable_shared_from_this<timer> {
 public:
  timer(loop& in, callback fn, event_callback event_cb)
      : handle_owner(in), fn_(std::move(fn)), event_cb_(std::move(event_cb)) {}

  void start(std::chrono::milliseconds time) {
    if (time.count() <= 0) {
      in().next_tick([this] { fire(); }, shared_from_this());
      return;
    }
    uv_timer_init(in().uv(), &timer_);
    timer_.data = this;
    in().adopt(shared_from_this());
    has_handle_ = true;
    uv_timer_start(
        &timer_, [](uv_timer_t* handle) { static_cast<timer*>(handle->data)->fire(); },
        static_cast<std::uint64_t>(time.count()), 0);
  }

  void free() {
    if (freed_) throw event_freed(-1, "free_event of an event that has fired or was freed");
    let_go();
  }
  [[nodiscard]] bool freed() const noexcept { return freed_; }
  void set_ref(bool on) {
    if (!has_handle_ || freed_) return;
    auto* handle = reinterpret_cast<uv_handle_t*>(&timer_);
    on ? uv_ref(handle) : uv_unref(handle);
  }
  void close_at_exit() noexcept override {
    if (!freed_) let_go();  // it never fires (CL-019)
  }

 private:
  void fire() {
    if (freed_ || in().closing()) return;
    const auto keep = shared_from_this();
    const callback fn = std::move(fn_);
    let_go();  // before the call: in it the event counts as freed (CL-203)
    in().guard(event_cb_, fn);
  }
  void let_go() {
    freed_ = true;
    fn_ = nullptr;  // it may hold this event, and would keep it for ever
    if (!has_handle_) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&timer_), [](uv_handle_t* handle) {
      auto& which = *static_cast<timer*>(handle->data);
      which.in().release(which);
    });
  }

  uv_timer_t timer_{};
  callback fn_;
  event_callback event_cb_;
  bool has_handle_ = false;
  bool freed_ = false;
};

timer& of(event& which) noexcept {
  return static_cast<timer&>(which);
}

/// One delay after the other.
struct repeated : std::enable_shared_from_this<repeated> {
  repeated(callback call, std::chrono::milliseconds every, event_callback on_error)
      : fn(std::move(call)), time(every), event_cb(std::move(on_error)) {}

  void arm() {
    current = delay([self = shared_from_this()] { self->fire(); },
                    {.time = std::max(time, std::chrono::milliseconds(1))});
  }
  void fire() {
    callback now = std::move(fn);  // cancel() may drop it while it runs
    loop::current().guard(event_cb, now);
    if (cancelled) return;
    fn = std::move(now);
    arm();
  }
  void cancel() {
    if (std::exchange(cancelled, true)) return;
    if (current && !event_freed_p(*current)) free_event(*current);
    current.reset();
    fn = nullptr;  // it may hold what cancels it
  }

  callback fn;
  std::chrono::milliseconds time;
  event_callback event_cb;
  std::shared_ptr<event> current;
  bool cancelled = false;
};

class signal_watcher final : public handle_owner, public std::enable_shared_from_this<signal_watcher> {
 public:
  signal_watcher(loop& in, std::function<void(int)> fn, event_callback event_cb)
      : handle_owner(in), fn_(std::move(fn)), event_cb_(std::move(event_cb)) {}

  void start(int signo) {
    uv_signal_init(in().uv(), &signal_);
    signal_.data = this;
    in().adopt(shared_from_this());
    const int error = uv_signal_start(
        &signal_,
        [](uv_signal_t* handle, int number) {
          const auto keep = static_cast<signal_watcher*>(handle->data)->shared_from_this();
          keep->in().guard(keep->event_cb_, [&] { keep->fn_(number); });
        },
        signo);
    if (error != 0) {
      close_at_exit();
      detail::condition_factory::raise(error, "signal " + std::to_string(signo));
    }
  }
  void close_at_exit() noexcept override {
    if (std::exchange(closed_, true)) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&signal_), [](uv_handle_t* handle) {
      auto& which = *static_cast<signal_watcher*>(handle->data);
      which.in().release(which);
    });
  }

 private:
  uv_signal_t signal_{};
  std::function<void(int)> fn_;
  event_callback event_cb_;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<event> delay(callback fn, delay_options options) {
  auto made = std::make_shared<timer>(loop::current(), std::move(fn), std::move(options.event_cb));
  made->start(options.time);
  return made;
}

void free_event(event& which) {
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
  auto made = std::make_shared<repeated>(std::move(fn), time, std::move(event_cb));
  made->arm();
  return [made] { made->cancel(); };
}

void signal_handler(int signo, std::function<void(int)> fn, signal_options options) {
  loop& in = loop::current();
  free_signal_handler(signo);
  auto watcher = std::make_shared<signal_watcher>(in, std::move(fn), std::move(options.event_cb));
  watcher->start(signo);
  in.signals[signo] = std::move(watcher);
}

void free_signal_handler(int signo) {
  auto& signals = loop::current().signals;
  if (const auto found = signals.find(signo); found != signals.end()) {
    found->second->close_at_exit();
    signals.erase(found);
  }
}

void clear_signal_handlers() {
  auto& signals = loop::current().signals;
  while (!signals.empty()) free_signal_handler(signals.begin()->first);
}

}  // namespace antiphon::cl_async_style
