#include <uv.h>

#include <string>

#include "antiphon/cl_async_style/events.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

class signal_watcher final : public owned_handle<uv_signal_t>,
                             public std::enable_shared_from_this<signal_watcher> {
 public:
  signal_watcher(loop& in, std::function<void(int)> fn, event_callback event_cb)
      : owned_handle(in), fn_(std::move(fn)), event_cb_(std::move(event_cb)) {}

  void start(int signo) {
    uv_signal_init(in().uv(), get());
    own(shared_from_this());
    const int error = uv_signal_start(
        get(),
        [](uv_signal_t* handle, int number) {
          const auto self = of<signal_watcher>(handle).shared_from_this();
          self->in().guard(self->event_cb_, [&] { self->fn_(number); });
        },
        signo);
    if (error == 0) return;
    free();
    detail::condition_factory::raise(error, "signal " + std::to_string(signo));
  }

 private:
  void forget_callbacks() noexcept override {
    fn_ = nullptr;
    event_cb_ = nullptr;
  }

  std::function<void(int)> fn_;
  event_callback event_cb_;
};

}  // namespace

void signal_handler(int signo, std::function<void(int)> fn, signal_options options) {
  loop& in = loop::to_open_in();
  auto watcher = std::make_shared<signal_watcher>(in, std::move(fn), std::move(options.event_cb));
  watcher->start(signo);
  free_signal_handler(signo);
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
