#include <uv.h>

#include <mutex>
#include <utility>

#include "antiphon/cl_async_style/events.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

class async_notifier final : public notifier, public handle_owner {
 public:
  async_notifier(loop& in, callback fn, notifier_options options)
      : handle_owner(in), fn_(std::move(fn)), options_(std::move(options)) {}

  void start() {
    const int error = uv_async_init(in().uv(), &async_, [](uv_async_t* handle) {
      auto& self = *static_cast<async_notifier*>(handle->data);
      const auto keep = self.shared_from_this();
      self.fire();
    });
    if (error != 0) detail::condition_factory::raise(error, "notifier");
    async_.data = this;
    in().adopt(std::static_pointer_cast<async_notifier>(shared_from_this()));
  }
  /// The only function of the library for other threads: the lock keeps the handle from being closed
  /// meanwhile.
  void trigger() {
    const std::scoped_lock lock(mutex_);
    if (closed_) throw notifier_freed(shared_from_this());
    uv_async_send(&async_);
  }
  void close_at_exit() noexcept override {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(closed_, true)) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&async_), [](uv_handle_t* handle) {
      auto& which = *static_cast<async_notifier*>(handle->data);
      which.fn_ = nullptr;  // it may hold this notifier
      which.options_.event_cb = nullptr;
      which.in().release(which);
    });
  }
  void set_ref(bool on) {
    if (closed_) return;
    auto* handle = reinterpret_cast<uv_handle_t*>(&async_);
    on ? uv_ref(handle) : uv_unref(handle);
  }
  [[nodiscard]] bool freed() const noexcept {
    const std::scoped_lock lock(mutex_);
    return closed_;
  }

 private:
  void fire() {
    if (in().closing()) return;
    in().guard(options_.event_cb, fn_);
    if (options_.single_shot) close_at_exit();  // after the callback (CL-222)
  }

  uv_async_t async_{};
  mutable std::mutex mutex_;
  callback fn_;
  notifier_options options_;
  bool closed_ = false;
};

async_notifier& of(notifier& which) noexcept {
  return static_cast<async_notifier&>(which);
}

}  // namespace

std::shared_ptr<notifier> make_notifier(callback fn, notifier_options options) {
  auto made = std::make_shared<async_notifier>(loop::to_open_in(), std::move(fn), std::move(options));
  made->start();
  return made;
}
void trigger_notifier(notifier& which) {
  of(which).trigger();
}
void free_notifier(notifier& which) {
  of(which).close_at_exit();
}
bool notifier_freed_p(const notifier& which) noexcept {
  return static_cast<const async_notifier&>(which).freed();
}
void ref(notifier& which) {
  of(which).set_ref(true);
}
void unref(notifier& which) {
  of(which).set_ref(false);
}

}  // namespace antiphon::cl_async_style
