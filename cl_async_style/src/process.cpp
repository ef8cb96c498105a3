#include "antiphon/cl_async_style/process.hpp"

#include <uv.h>

#include <array>
#include <cstdlib>

#include "client.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

/// As execve wants them; valid as long as the strings.
std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& each : strings) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

class child final : public process, public owned_handle<uv_process_t> {
 public:
  child(loop& in, spawn_options& options)
      : owned_handle(in), exit_cb_(std::move(options.exit_cb)), event_cb_(std::move(options.event_cb)) {}

  void start(const std::string& path, const std::vector<std::string>& args, spawn_options& options) {
    std::array<uv_stdio_container_t, 3> stdio{};
    try {
      redirect(0, options.input, UV_READABLE_PIPE, stdio[0]);
      redirect(1, options.output, UV_WRITABLE_PIPE, stdio[1]);
      redirect(2, options.error_output, UV_WRITABLE_PIPE, stdio[2]);
    } catch (...) {
      close_pipes();
      throw;
    }
    std::vector<std::string> words{path};
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv = pointers_to(words);
    std::vector<char*> environment;
    if (options.env) environment = pointers_to(*options.env);

    uv_process_options_t what{};
    what.file = path.c_str();
    what.args = argv.data();
    what.env = options.env ? environment.data() : nullptr;
    what.cwd = options.working_directory ? options.working_directory->c_str() : nullptr;
    what.stdio = stdio.data();
    what.stdio_count = static_cast<int>(stdio.size());
    what.exit_cb = [](uv_process_t* handle, std::int64_t status, int signo) {
      of<child>(handle).exited(status, signo);
    };
    const int error = uv_spawn(in().uv(), get(), &what);
    own(std::static_pointer_cast<child>(shared_from_this()));  // also a failed one is to be closed
    if (error != 0) {
      free();
      close_pipes();
      detail::condition_factory::raise(error, path);
    }
    for (const auto& pipe : pipes_)
      if (pipe) static_cast<stream&>(*pipe).attached();
  }

  bool kill(int signo) {
    if (freed()) return false;
    const int error = uv_process_kill(get(), signo);
    if (error == UV_ESRCH) return false;
    if (error != 0) detail::condition_factory::raise(error, "signal " + std::to_string(signo));
    return true;
  }
  [[nodiscard]] const std::shared_ptr<socket>& pipe(std::size_t fd) const noexcept { return pipes_.at(fd); }

 private:
  void redirect(int fd, redirection& where, unsigned direction, uv_stdio_container_t& to) {
    switch (where.kind_) {
      case redirection::kind::ignore:
        to.flags = UV_IGNORE;
        return;
      case redirection::kind::inherit:
        to.flags = UV_INHERIT_FD;
        to.data.fd = fd;
        return;
      case redirection::kind::pipe:
        break;
    }
    const auto made = detail::make_client(stream::kind::pipe, std::move(where.read_cb_),
                                          std::move(where.stream_read_cb_), where.options_);
    to.flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | direction);
    to.data.stream = made->uv();
    pipes_.at(static_cast<std::size_t>(fd)) = made;
  }
  void close_pipes() noexcept {
    for (const auto& pipe : pipes_)
      if (pipe) static_cast<stream&>(*pipe).abort();
  }
  void exited(std::int64_t status, int signo) {
    const auto keep = shared_from_this();
    free();  // there is nothing left to kill
    if (exit_cb_) in().guard(event_cb_, [&] { exit_cb_(*this, status, signo); });
  }
  void forget_callbacks() noexcept override {
    exit_cb_ = nullptr;
    event_cb_ = nullptr;
  }

  std::function<void(process&, std::int64_t, int)> exit_cb_;
  event_callback event_cb_;
  std::array<std::shared_ptr<socket>, 3> pipes_;
};

std::shared_ptr<process> spawn(const std::string& path, const std::vector<std::string>& args,
                               spawn_options options) {
  auto made = std::make_shared<child>(loop::to_open_in(), options);
  made->start(path, args, options);
  return made;
}

const std::shared_ptr<socket>& process_input(const process& of) noexcept {
  return static_cast<const child&>(of).pipe(0);
}
const std::shared_ptr<socket>& process_output(const process& of) noexcept {
  return static_cast<const child&>(of).pipe(1);
}
const std::shared_ptr<socket>& process_error_output(const process& of) noexcept {
  return static_cast<const child&>(of).pipe(2);
}

bool process_kill(process& which, int signo) {
  return static_cast<child&>(which).kill(signo);
}

}  // namespace antiphon::cl_async_style
