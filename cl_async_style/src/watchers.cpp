// Idlers and pollers.

#include <uv.h>

#include <string>

#include "antiphon/cl_async_style/events.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

class idle_watcher final : public idler,
                           public owned_handle<uv_idle_t>,
                           public std::enable_shared_from_this<idle_watcher> {
 public:
  idle_watcher(loop& in, callback fn, event_callback event_cb)
      : owned_handle(in), fn_(std::move(fn)), event_cb_(std::move(event_cb)) {}

  void start() {
    uv_idle_init(in().uv(), get());
    own(shared_from_this());
    uv_idle_start(get(), [](uv_idle_t* handle) {
      const auto self = of<idle_watcher>(handle).shared_from_this();
      self->in().guard(self->event_cb_, self->fn_);
    });
  }

 private:
  void forget_callbacks() noexcept override {
    fn_ = nullptr;
    event_cb_ = nullptr;
  }

  callback fn_;
  event_callback event_cb_;
};

class poll_watcher final : public poller,
                           public owned_handle<uv_poll_t>,
                           public std::enable_shared_from_this<poll_watcher> {
 public:
  poll_watcher(loop& in, poll_callback fn, event_callback event_cb)
      : owned_handle(in), fn_(std::move(fn)), event_cb_(std::move(event_cb)) {}

  void start(int fd, poll_events events) {
    if (const int error = uv_poll_init(in().uv(), get(), fd); error != 0)
      detail::condition_factory::raise(error, "poll of descriptor " + std::to_string(fd));
    own(shared_from_this());
    uv_poll_start(
        get(), (events.readable ? UV_READABLE : 0) | (events.writable ? UV_WRITABLE : 0),
        [](uv_poll_t* handle, int status, int ready) { of<poll_watcher>(handle).ready(status, ready); });
  }

 private:
  void ready(int status, int events) {
    const auto keep = shared_from_this();
    if (status < 0) {
      // At once, and its own error is not sent to it again (CL-036, CL-071, CL-224).
      const auto event = detail::condition_factory::unattached(status, "poll");
      if (event_cb_) in().guard({}, [&] { event_cb_(*event); });
      return;
    }
    in().guard(event_cb_, [&] {
      fn_({.readable = (events & UV_READABLE) != 0, .writable = (events & UV_WRITABLE) != 0});
    });
  }
  void forget_callbacks() noexcept override {
    fn_ = nullptr;
    event_cb_ = nullptr;
  }

  poll_callback fn_;
  event_callback event_cb_;
};

}  // namespace

std::shared_ptr<idler> idle(callback fn, event_callback event_cb) {
  auto made = std::make_shared<idle_watcher>(loop::to_open_in(), std::move(fn), std::move(event_cb));
  made->start();
  return made;
}
void free_idler(idler& which) {
  static_cast<idle_watcher&>(which).free();
}
bool idler_freed_p(const idler& which) noexcept {
  return static_cast<const idle_watcher&>(which).freed();
}

std::shared_ptr<poller> poll(int fd, poll_callback fn, poll_options options) {
  auto made = std::make_shared<poll_watcher>(loop::to_open_in(), std::move(fn), std::move(options.event_cb));
  made->start(fd, options.poll_for);
  return made;
}
void free_poller(poller& which) {
  static_cast<poll_watcher&>(which).free();
}
bool poller_freed_p(const poller& which) noexcept {
  return static_cast<const poll_watcher&>(which).freed();
}

}  // namespace antiphon::cl_async_style
