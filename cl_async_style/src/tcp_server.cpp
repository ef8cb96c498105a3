#include "antiphon/cl_async_style/tcp_server.hpp"

#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include "stream.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr int default_backlog = 128;  // CL-085

class listener final : public socket_server,
                       public handle_owner,
                       public std::enable_shared_from_this<listener> {
 public:
  listener(loop& in, read_callback read_cb, tcp_server_options& options)
      : handle_owner(in),
        callbacks_(
            std::make_shared<const stream_callbacks>(stream_callbacks{std::move(read_cb),
                                                                      {},
                                                                      std::move(options.event_cb),
                                                                      std::move(options.connect_cb),
                                                                      std::move(options.close_cb),
                                                                      std::move(options.pause_write_cb),
                                                                      std::move(options.resume_write_cb)})),
        allow_half_open_(options.allow_half_open) {
    if (options.high_water || options.low_water) marks_ = WaterMarks(options.high_water, options.low_water);
    tcp_.data = this;
  }

  /// From here on the loop owns the handle.
  void listen(const std::optional<std::string>& address, std::uint16_t port,
              const tcp_server_options& options) {
    const std::string host = address.value_or("0.0.0.0");
    sockaddr_storage where{};
    if (!options.fd && uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(&where)) != 0 &&
        uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(&where)) != 0)
      throw std::invalid_argument("not an IP address: '" + host + "'");

    const int made = uv_tcp_init_ex(in().uv(), &tcp_, where.ss_family == 0 ? AF_INET : where.ss_family);
    if (made != 0) detail::condition_factory::raise(made, "socket");
    in().adopt(shared_from_this());
    int error = options.fd ? uv_tcp_open(&tcp_, *options.fd) : bind(where, options.reuse_port);
    if (error == 0)
      error = uv_listen(
          uv(), options.backlog < 0 ? default_backlog : options.backlog,
          [](uv_stream_t* handle, int status) { static_cast<listener*>(handle->data)->accept(status); });
    if (error != 0) {
      close();
      const bool v6 = where.ss_family == AF_INET6;
      detail::condition_factory::raise(
          error, options.fd ? "listening socket " + std::to_string(*options.fd)
                            : (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port));
    }
  }

  void close() noexcept {
    if (closed_) return;
    closed_ = true;
    uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) {
      auto& which = *static_cast<listener*>(handle->data);
      which.callbacks_.reset();  // they may hold the listener's owner
      which.in().release(which);
    });
  }
  void close_at_exit() noexcept override { close(); }

  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::uint16_t port() const noexcept {
    sockaddr_storage where{};
    int size = sizeof(where);
    if (closed_ || uv_tcp_getsockname(&tcp_, reinterpret_cast<sockaddr*>(&where), &size) != 0) return 0;
    return ntohs(where.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(where).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(where).sin_port);
  }

 private:
  [[nodiscard]] uv_stream_t* uv() noexcept { return reinterpret_cast<uv_stream_t*>(&tcp_); }

  int bind(const sockaddr_storage& where, bool reuse_port) {
    uv_os_fd_t fd = -1;
    const int on = 1;
    if (reuse_port && (uv_fileno(reinterpret_cast<uv_handle_t*>(&tcp_), &fd) != 0 ||
                       ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0))
      return -errno;
    // An IPv6 address is bound without the v6-only flag (CL-083).
    return uv_tcp_bind(&tcp_, reinterpret_cast<const sockaddr*>(&where), 0);
  }

  void accept(int status) {
    if (status < 0) {  // the listener stays open (CL-094)
      const event_error event(status, uv_strerror(status));
      if (callbacks_->event_cb) in().guard({}, [&] { callbacks_->event_cb(event); });
      return;
    }
    auto accepted = std::make_shared<stream>(in(), callbacks_, marks_, allow_half_open_);
    in().adopt(accepted);
    if (uv_accept(uv(), accepted->uv()) != 0) {
      accepted->close_at_exit();
      return;
    }
    uv_tcp_nodelay(reinterpret_cast<uv_tcp_t*>(accepted->uv()),
                   1);  // a gathered write has nothing to wait for
    accepted->connected();
  }

  uv_tcp_t tcp_{};
  std::shared_ptr<const stream_callbacks> callbacks_;
  WaterMarks marks_;
  bool allow_half_open_;
  bool closed_ = false;
};

listener& of(socket_server& server) noexcept {
  return static_cast<listener&>(server);
}
const listener& of(const socket_server& server) noexcept {
  return static_cast<const listener&>(server);
}

}  // namespace

std::shared_ptr<socket_server> tcp_server(std::optional<std::string> address, std::uint16_t port,
                                          read_callback read_cb, tcp_server_options options) {
  auto server = std::make_shared<listener>(loop::current(), std::move(read_cb), options);
  server->listen(address, port, options);
  return server;
}

std::shared_ptr<socket_server> tcp_server(std::optional<std::string> address, std::uint16_t port,
                                          read_callback read_cb, event_callback event_cb,
                                          tcp_server_options options) {
  static std::atomic_flag warned;
  if (!warned.test_and_set())
    std::fputs(
        "cl_async_style: tcp_server's event_cb as fourth argument is deprecated, use {.event_cb = ...}\n",
        stderr);
  if (event_cb) options.event_cb = std::move(event_cb);
  return tcp_server(std::move(address), port, std::move(read_cb), std::move(options));
}

void close_tcp_server(socket_server& server) {
  of(server).close();
}
bool tcp_server_closed(const socket_server& server) noexcept {
  return of(server).closed();
}
std::uint16_t server_port(const socket_server& server) noexcept {
  return of(server).port();
}

}  // namespace antiphon::cl_async_style
