#include "antiphon/cl_async_style/tcp_server.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>

#include "deprecated.hpp"
#include "server.hpp"
#include "stream.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr int default_backlog = 128;  // CL-085

/// What both kinds of listeners share: accepting.
class listener : public socket_server, public handle_owner {
 public:
  void close() noexcept {
    if (std::exchange(closed_, true)) return;
    in().not_at_exit(*this);
    uv_close(&handle_.any, [](uv_handle_t* handle) {
      auto& which = *static_cast<listener*>(handle->data);
      which.callbacks_.reset();  // they may hold the listener's owner
      which.settings_.tls.reset();
      which.in().release(which);
    });
  }
  void close_at_exit() noexcept override { close(); }

  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::uint16_t port() const noexcept {
    sockaddr_storage where{};
    int size = sizeof(where);
    auto* any = reinterpret_cast<sockaddr*>(&where);
    if (closed_ || kind_ != stream::kind::tcp || uv_tcp_getsockname(&handle_.tcp, any, &size) != 0) return 0;
    return port_of(*any);
  }

 protected:
  listener(loop& in, stream::kind what, read_callback read_cb, stream_read_callback stream_read_cb,
           server_options& options, std::shared_ptr<const tls_settings> tls = {})
      : handle_owner(in),
        callbacks_(std::make_shared<const stream_callbacks>(
            stream_callbacks{.read_cb = std::move(read_cb),
                             .stream_read_cb = std::move(stream_read_cb),
                             .write_cb = {},
                             .event_cb = std::move(options.event_cb),
                             .connect_cb = std::move(options.connect_cb),
                             .close_cb = std::move(options.close_cb),
                             .pause_write_cb = std::move(options.pause_write_cb),
                             .resume_write_cb = std::move(options.resume_write_cb)})),
        kind_(what) {
    settings_.tls = std::move(tls);
    settings_.allow_half_open = options.allow_half_open;
    settings_.stream_mode = options.stream;
    if (options.high_water || options.low_water)
      settings_.marks = WaterMarks(options.high_water, options.low_water);
  }

  /// After libuv's init of the handle: from here on the loop owns it.
  void own() {
    handle_.any.data = this;
    in().adopt(std::static_pointer_cast<listener>(shared_from_this()));
  }
  /// Listens unless `error`; a failure closes the listener and is thrown (CL-087).
  void listen(int error, int backlog, const std::string& about) {
    if (error == 0)
      error = uv_listen(
          &handle_.stream, backlog < 0 ? default_backlog : backlog,
          [](uv_stream_t* handle, int status) { static_cast<listener*>(handle->data)->accept(status); });
    if (error == 0) {
      // Among the exit callbacks, the last first: one that was added before sees it closed (CL-090, CL-012).
      in().at_exit([this] { close(); }, this);
      return;
    }
    close();
    detail::condition_factory::raise(error, about, shared_from_this());
  }

  union {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle_{};

 private:
  void accept(int status) {
    if (status < 0) {  // the listener stays open (CL-094)
      const auto event = detail::condition_factory::unattached(status, "accept");
      const auto callbacks = callbacks_;
      if (callbacks->event_cb) in().guard({}, [&] { callbacks->event_cb(*event); });
      return;
    }
    const auto accepted =
        std::make_shared<stream>(in(), kind_, stream::direction::incoming, callbacks_, settings_);
    in().adopt(accepted);
    if (uv_accept(&handle_.stream, accepted->uv()) != 0)
      accepted->refuse();  // CL-095
    else
      accepted->accepted();
  }

  std::shared_ptr<const stream_callbacks> callbacks_;
  stream_settings settings_;
  stream::kind kind_;
  bool closed_ = false;
};

class tcp_listener final : public listener {
 public:
  tcp_listener(loop& in, read_callback read_cb, stream_read_callback stream_read_cb, server_options& options,
               std::shared_ptr<const tls_settings> tls)
      : listener(in, stream::kind::tcp, std::move(read_cb), std::move(stream_read_cb), options,
                 std::move(tls)) {}

  void open(const std::string& host, std::uint16_t port, const server_options& options) {
    // Before the handle is made, which upstream leaks here (CL-082).
    const std::optional<socket_address> where = socket_address::parse(host, port);
    if (!options.fd && !where) throw std::invalid_argument("not an IPv4 or IPv6 address: '" + host + "'");
    if (options.fd) {
      const int made = uv_tcp_init(in().uv(), &handle_.tcp);
      if (made != 0) detail::condition_factory::raise(made, "socket");
      own();
      listen(uv_tcp_open(&handle_.tcp, *options.fd), options.backlog,
             "listening socket " + std::to_string(*options.fd));
      return;
    }
    const int made = uv_tcp_init_ex(in().uv(), &handle_.tcp, static_cast<unsigned>(where->family()));
    if (made != 0) detail::condition_factory::raise(made, "socket");
    own();
    listen(bind(*where, options.reuse_port), options.backlog, with_port(host, port));
  }

 private:
  int bind(const socket_address& where, bool reuse_port) {
    uv_os_fd_t fd = -1;
    const int on = 1;
    if (reuse_port && (uv_fileno(&handle_.any, &fd) != 0 ||
                       ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0))
      return -errno;
    // An IPv6 address is bound without the v6-only flag (CL-083).
    return uv_tcp_bind(&handle_.tcp, where.get(), 0);
  }
};

class pipe_listener final : public listener {
 public:
  pipe_listener(loop& in, read_callback read_cb, stream_read_callback stream_read_cb, server_options& options)
      : listener(in, stream::kind::pipe, std::move(read_cb), std::move(stream_read_cb), options) {}

  void open(const std::string& name, const server_options& options) {
    const int made = uv_pipe_init(in().uv(), &handle_.pipe, 0);
    if (made != 0) detail::condition_factory::raise(made, "socket");
    own();
    listen(options.fd ? uv_pipe_open(&handle_.pipe, *options.fd) : uv_pipe_bind(&handle_.pipe, name.c_str()),
           options.backlog, options.fd ? "listening socket " + std::to_string(*options.fd) : name);
  }
};

listener& of(socket_server& server) noexcept {
  return static_cast<listener&>(server);
}
const listener& of(const socket_server& server) noexcept {
  return static_cast<const listener&>(server);
}

std::shared_ptr<socket_server> open_pipe(const std::string& name, read_callback read_cb,
                                         stream_read_callback stream_read_cb, server_options& options) {
  auto server = std::make_shared<pipe_listener>(loop::to_open_in(), std::move(read_cb),
                                                std::move(stream_read_cb), options);
  server->open(name, options);
  return server;
}

}  // namespace

namespace detail {

void check_stream(const read_callback& read_cb, const server_options& options) {
  if (read_cb && options.stream)
    throw std::invalid_argument("in stream mode read_cb takes (socket&, async_io_stream&)");
}

std::shared_ptr<socket_server> open_tcp(std::optional<std::string> address, std::uint16_t port,
                                        read_callback read_cb, stream_read_callback stream_read_cb,
                                        server_options& options, std::shared_ptr<const tls_settings> tls) {
  auto server = std::make_shared<tcp_listener>(loop::to_open_in(), std::move(read_cb),
                                               std::move(stream_read_cb), options, std::move(tls));
  server->open(std::move(address).value_or("0.0.0.0"), port, options);
  return server;
}

}  // namespace detail

std::shared_ptr<socket_server> tcp_server(std::optional<std::string> address, std::uint16_t port,
                                          read_callback read_cb, server_options options) {
  detail::check_stream(read_cb, options);
  return detail::open_tcp(std::move(address), port, std::move(read_cb), {}, options);
}

std::shared_ptr<socket_server> tcp_server(std::optional<std::string> address, std::uint16_t port,
                                          read_callback read_cb, event_callback event_cb,
                                          server_options options) {
  detail::warn_of_positional_event_cb("tcp_server");
  if (event_cb) options.event_cb = std::move(event_cb);
  return tcp_server(std::move(address), port, std::move(read_cb), std::move(options));
}

std::shared_ptr<socket_server> pipe_server(const std::string& name, read_callback read_cb,
                                           server_options options) {
  detail::check_stream(read_cb, options);
  return open_pipe(name, std::move(read_cb), {}, options);
}

namespace detail {

std::shared_ptr<socket_server> listen_tcp(std::optional<std::string> address, std::uint16_t port,
                                          stream_read_callback read_cb, server_options options) {
  options.stream = true;
  return open_tcp(std::move(address), port, {}, std::move(read_cb), options);
}

std::shared_ptr<socket_server> listen_tcp(std::optional<std::string> address, std::uint16_t port,
                                          stream_read_callback read_cb, event_callback event_cb,
                                          server_options options) {
  warn_of_positional_event_cb("tcp_server");
  if (event_cb) options.event_cb = std::move(event_cb);
  return listen_tcp(std::move(address), port, std::move(read_cb), std::move(options));
}

std::shared_ptr<socket_server> listen_pipe(const std::string& name, stream_read_callback read_cb,
                                           server_options options) {
  options.stream = true;
  return open_pipe(name, {}, std::move(read_cb), options);
}

}  // namespace detail

void close_socket_server(socket_server& server) {
  of(server).close();
}
bool socket_server_closed(const socket_server& server) noexcept {
  return of(server).closed();
}
std::uint16_t server_port(const socket_server& server) noexcept {
  return of(server).port();
}

}  // namespace antiphon::cl_async_style
