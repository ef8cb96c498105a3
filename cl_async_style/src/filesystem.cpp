#include "antiphon/cl_async_style/filesystem.hpp"

#include <uv.h>

#include <memory>

#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

/// To event_cb; without one, out of the loop or to whoever catches errors (CL-230).
void tell(loop& in, const event_callback& event_cb, int error, const std::string& about) {
  in.guard({}, [&] {
    if (!event_cb) detail::condition_factory::raise(error, about);
    event_cb(*detail::condition_factory::unattached(error, about));
  });
}

/// mkdtemp under way: libuv's request, which is nobody's but its own until it is answered.
struct making {
  uv_fs_t request{};
  loop* in;
  std::string pattern;
  std::function<void(const std::string&)> fn;
  event_callback event_cb;

  void made() {
    const std::unique_ptr<making> mine(this);
    const auto result = static_cast<int>(request.result);
    const std::string path = result == 0 ? request.path : "";
    uv_fs_req_cleanup(&request);
    if (in->closing()) return;
    if (result < 0)
      tell(*in, event_cb, result, pattern);
    else
      in->guard(event_cb, [&] { fn(path); });
  }
};

class monitor final : public fs_monitor, public owned_handle<uv_fs_event_t> {
 public:
  monitor(loop& in, std::string path, fs_watch_callback fn, event_callback event_cb)
      : owned_handle(in), path_(std::move(path)), fn_(std::move(fn)), event_cb_(std::move(event_cb)) {}

  void start() {
    uv_fs_event_init(in().uv(), get());
    own(std::static_pointer_cast<monitor>(shared_from_this()));
    const int error = uv_fs_event_start(
        get(),
        [](uv_fs_event_t* handle, const char* name, int events, int status) {
          of<monitor>(handle).changed(name, events, status);
        },
        path_.c_str(), 0);
    if (error == 0) return;
    free();
    detail::condition_factory::raise(error, path_);
  }

 private:
  void changed(const char* name, int events, int status) {
    const auto keep = shared_from_this();
    if (status != 0) {
      tell(in(), event_cb_, status, path_);
      return;
    }
    in().guard(event_cb_, [&] {
      fn_(*this, name != nullptr ? name : "", (events & UV_RENAME) != 0, (events & UV_CHANGE) != 0);
    });
  }
  void forget_callbacks() noexcept override {
    fn_ = nullptr;
    event_cb_ = nullptr;
  }

  std::string path_;
  fs_watch_callback fn_;
  event_callback event_cb_;
};

}  // namespace

void mkdtemp(const std::string& name_pattern, std::function<void(const std::string&)> fn,
             fs_options options) {
  loop& in = loop::to_open_in();
  auto asked = std::make_unique<making>();
  asked->in = &in;
  asked->pattern = name_pattern;
  asked->fn = std::move(fn);
  asked->event_cb = std::move(options.event_cb);
  asked->request.data = asked.get();
  const int error = uv_fs_mkdtemp(in.uv(), &asked->request, name_pattern.c_str(),
                                  [](uv_fs_t* request) { static_cast<making*>(request->data)->made(); });
  if (error != 0) detail::condition_factory::raise(error, name_pattern);
  static_cast<void>(asked.release());  // libuv's until made()
}

std::shared_ptr<fs_monitor> fs_watch(const std::string& path, fs_watch_callback fn, fs_options options) {
  auto made = std::make_shared<monitor>(loop::to_open_in(), path, std::move(fn), std::move(options.event_cb));
  made->start();
  return made;
}

void fs_monitor_close(fs_monitor& which) {
  static_cast<monitor&>(which).free();
}

}  // namespace antiphon::cl_async_style
