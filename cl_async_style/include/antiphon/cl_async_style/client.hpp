#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "antiphon/cl_async_style/async_stream.hpp"
#include "antiphon/cl_async_style/socket.hpp"
#include "antiphon/cl_async_style/tcp_server.hpp"

namespace antiphon::cl_async_style {

struct connect_options {
  std::string data{};   ///< is sent first, when the connection is made (upstream refuses other types, CL-175)
  bool stream = false;  ///< as for servers
  event_callback event_cb{};
  socket_callback connect_cb{};
  /// Called at least once, when the connection is made, even if nothing was written (CL-110).
  socket_callback write_cb{};
  std::optional<std::chrono::milliseconds> read_timeout{};   ///< from now on, so it limits connecting, too
  std::optional<std::chrono::milliseconds> write_timeout{};  ///< (CL-160)
  /// Stream mode: what read_cb leaves in the stream stays there (CL-149). True if none is given. True without
  /// a stream to keep it in throws std::invalid_argument.
  std::optional<bool> dont_drain_read_buffer{};
  // Extensions.
  close_callback close_cb{};
  socket_callback pause_write_cb{};
  socket_callback resume_write_cb{};
  std::optional<std::size_t> high_water{};
  std::optional<std::size_t> low_water{};
  bool allow_half_open = false;
};

/// Connects and returns the socket at once, before the connection exists (CL-170); the loop keeps it. `host`:
/// an IP literal, or a name, which is looked up first (IPv4, CL-174).
///
/// Success: connect_cb, then what was written until then is sent (CL-171), then read_cb. Failure: event_cb
/// with socket_refused, socket_timeout ... in a later tick (CL-172, CL-176), or with dns_error, in which case
/// the socket is closed, too (unlike upstream, CL-174). After a forced close: nothing but close_cb (CL-173).
std::shared_ptr<socket> tcp_connect(const std::string& host, std::uint16_t port, read_callback read_cb,
                                    connect_options options = {});
/// The deprecated form with event_cb as fourth argument (CL-081, CL-170). Warns once a loop
/// with a warning_cb, else once a process.
std::shared_ptr<socket> tcp_connect(const std::string& host, std::uint16_t port, read_callback read_cb,
                                    event_callback event_cb, connect_options options);
template <event_handler F>
std::shared_ptr<socket> tcp_connect(const std::string& host, std::uint16_t port, read_callback read_cb,
                                    F event_cb) {
  return tcp_connect(host, port, std::move(read_cb), event_callback(std::move(event_cb)), connect_options());
}

/// Connects to a UNIX socket (CL-177). A path that does not exist: streamish_enoent to event_cb.
std::shared_ptr<socket> pipe_connect(const std::string& name, read_callback read_cb,
                                     connect_options options = {});

namespace detail {
std::shared_ptr<socket> connect_tcp(const std::string& host, std::uint16_t port, stream_read_callback read_cb,
                                    connect_options options);
std::shared_ptr<socket> connect_tcp(const std::string& host, std::uint16_t port, stream_read_callback read_cb,
                                    event_callback event_cb, connect_options options);
std::shared_ptr<socket> connect_pipe(const std::string& name, stream_read_callback read_cb,
                                     connect_options options);
}  // namespace detail

/// Stream mode: `read_cb` is called as (socket, stream).
template <stream_reader F>
std::shared_ptr<socket> tcp_connect(const std::string& host, std::uint16_t port, F read_cb,
                                    const connect_options& options = {}) {
  return detail::connect_tcp(host, port, std::move(read_cb), options);
}
/// The deprecated form of that (CL-081, CL-170).
template <stream_reader F, event_handler G>
std::shared_ptr<socket> tcp_connect(const std::string& host, std::uint16_t port, F read_cb, G event_cb,
                                    const connect_options& options = {}) {
  return detail::connect_tcp(host, port, std::move(read_cb), std::move(event_cb), options);
}
template <stream_reader F>
std::shared_ptr<socket> pipe_connect(const std::string& name, F read_cb,
                                     const connect_options& options = {}) {
  return detail::connect_pipe(name, std::move(read_cb), options);
}

/// tcp_connect without the deprecated form.
inline std::shared_ptr<socket> tcp_connect_new(const std::string& host, std::uint16_t port,
                                               read_callback read_cb, connect_options options = {}) {
  return tcp_connect(host, port, std::move(read_cb), std::move(options));
}

}  // namespace antiphon::cl_async_style
