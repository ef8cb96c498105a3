#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "antiphon/cl_async_style/async_stream.hpp"
#include "antiphon/cl_async_style/socket.hpp"

namespace antiphon::cl_async_style {

/// A listener. It lives until it is closed or the loop ends, whether or not the pointer is kept (CL-090).
class socket_server : public std::enable_shared_from_this<socket_server> {
 public:
  socket_server(const socket_server&) = delete;
  socket_server& operator=(const socket_server&) = delete;
  virtual ~socket_server() = default;

 protected:
  socket_server() = default;
};

struct server_options {
  event_callback event_cb{};
  /// A connection was made; also in stream mode it is handed the socket: socket_stream() has the stream.
  socket_callback connect_cb{};
  int backlog = -1;         ///< negative: 128; 0 is passed on (CL-085)
  std::optional<int> fd{};  ///< a bound stream socket to listen on instead of binding one (CL-086)
  /// Each connection gets a stream. Goes without saying where read_cb takes one; only a null read_cb needs
  /// it.
  bool stream = false;
  // Extensions.
  close_callback close_cb{};          ///< the connection has ended; once, last
  socket_callback pause_write_cb{};   ///< more than the high mark waits: write no more for now
  socket_callback resume_write_cb{};  ///< the rest fell to the low mark
  std::optional<std::size_t> high_water{};
  std::optional<std::size_t> low_water{};
  bool allow_half_open = false;  ///< the peer's end of data is told, but the socket stays open for writing
  bool reuse_port = false;       ///< several listeners may share the port (SO_REUSEPORT); tcp_server only
};
using tcp_server_options = server_options;
using pipe_server_options = server_options;

/// What reads from a stream, not from octets.
template <typename F>
concept stream_reader =
    std::convertible_to<F, stream_read_callback> && !std::convertible_to<F, read_callback>;
/// What may stand where event_cb once stood.
template <typename F>
concept event_handler = std::convertible_to<F, event_callback>;

/// Listens (CL-080). `address`: an IPv4 or IPv6 literal, or none for 0.0.0.0 (CL-082); port 0 takes a free
/// one (CL-084). Throws std::invalid_argument for anything else as address, and the mapped condition if bind
/// or listen fail (CL-087, CL-088): socket_address_in_use, filesystem_eacces, event_error. event_cb is not
/// called then.
///
/// For each connection: connect_cb, then reading starts (CL-091). `read_cb` null: input is read and dropped
/// (CL-143).
std::shared_ptr<socket_server> tcp_server(std::optional<std::string> address, std::uint16_t port,
                                          read_callback read_cb, server_options options = {});
/// The deprecated form with event_cb as fourth argument (CL-081, trap T14). Warns once a loop
/// with a warning_cb, else once a process.
std::shared_ptr<socket_server> tcp_server(std::optional<std::string> address, std::uint16_t port,
                                          read_callback read_cb, event_callback event_cb,
                                          server_options options);
template <event_handler F>
std::shared_ptr<socket_server> tcp_server(const std::optional<std::string>& address, std::uint16_t port,
                                          read_callback read_cb, F event_cb) {
  return tcp_server(address, port, std::move(read_cb), event_callback(std::move(event_cb)), server_options());
}

/// Listens on the path `name` (CL-099), which is removed when the server closes. Throws
/// socket_address_in_use if it exists and filesystem_eacces if its folder does not (CL-100).
std::shared_ptr<socket_server> pipe_server(const std::string& name, read_callback read_cb,
                                           server_options options = {});

namespace detail {
std::shared_ptr<socket_server> listen_tcp(std::optional<std::string> address, std::uint16_t port,
                                          stream_read_callback read_cb, server_options options);
std::shared_ptr<socket_server> listen_tcp(std::optional<std::string> address, std::uint16_t port,
                                          stream_read_callback read_cb, event_callback event_cb,
                                          server_options options);
std::shared_ptr<socket_server> listen_pipe(const std::string& name, stream_read_callback read_cb,
                                           server_options options);
}  // namespace detail

/// Stream mode (CL-096): `read_cb` is called as (socket, stream).
template <stream_reader F>
std::shared_ptr<socket_server> tcp_server(const std::optional<std::string>& address, std::uint16_t port,
                                          F read_cb, const server_options& options = {}) {
  return detail::listen_tcp(address, port, std::move(read_cb), options);
}
/// The deprecated form of that (CL-081).
template <stream_reader F, event_handler G>
std::shared_ptr<socket_server> tcp_server(const std::optional<std::string>& address, std::uint16_t port,
                                          F read_cb, G event_cb, const server_options& options = {}) {
  return detail::listen_tcp(address, port, std::move(read_cb), std::move(event_cb), options);
}
template <stream_reader F>
std::shared_ptr<socket_server> pipe_server(const std::string& name, F read_cb,
                                           const server_options& options = {}) {
  return detail::listen_pipe(name, std::move(read_cb), options);
}

/// tcp_server without the deprecated form.
inline std::shared_ptr<socket_server> tcp_server_new(std::optional<std::string> address, std::uint16_t port,
                                                     read_callback read_cb, server_options options = {}) {
  return tcp_server(std::move(address), port, std::move(read_cb), std::move(options));
}

/// Stops listening at once; connections go on (CL-097). A second time: nothing.
void close_socket_server(socket_server& server);
inline void close_tcp_server(socket_server& server) {
  close_socket_server(server);
}
/// CL-098.
[[nodiscard]] bool socket_server_closed(const socket_server& server) noexcept;
[[nodiscard]] inline bool tcp_server_closed(const socket_server& server) noexcept {
  return socket_server_closed(server);
}
/// Extension: the port in use, also if it was asked for as 0; 0 for a pipe.
[[nodiscard]] std::uint16_t server_port(const socket_server& server) noexcept;

}  // namespace antiphon::cl_async_style
