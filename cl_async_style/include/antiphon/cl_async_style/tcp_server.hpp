#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "antiphon/cl_async_style/socket.hpp"

namespace antiphon::cl_async_style {

/// A listener. It lives until it is closed or the loop ends, whether or not the pointer is kept.
class socket_server {
 public:
  socket_server(const socket_server&) = delete;
  socket_server& operator=(const socket_server&) = delete;
  virtual ~socket_server() = default;

 protected:
  socket_server() = default;
};

struct tcp_server_options {
  event_callback event_cb{};
  socket_callback connect_cb{};
  int backlog = -1;         ///< negative: 128 (CL-085)
  std::optional<int> fd{};  ///< a bound stream socket to listen on instead of binding one (CL-086)
  // Extensions.
  close_callback close_cb{};          ///< the connection has ended; once, last
  socket_callback pause_write_cb{};   ///< more than the high mark waits: write no more for now
  socket_callback resume_write_cb{};  ///< the rest fell to the low mark
  std::optional<std::size_t> high_water{};
  std::optional<std::size_t> low_water{};
  bool allow_half_open = false;  ///< the peer's end of data is told, but the socket stays open for writing
  bool reuse_port = false;       ///< several listeners may share the port (SO_REUSEPORT)
};

/// Listens (CL-080). `address`: an IPv4 or IPv6 literal, or none for 0.0.0.0 (CL-082); port 0 takes a free
/// one (CL-084). Throws std::invalid_argument for anything else as address, and the mapped condition if bind
/// or listen fail (CL-087, CL-088): socket_address_in_use, filesystem_eacces, event_error.
///
/// For each connection: connect_cb, then reading starts (CL-091). `read_cb` null: input is read and dropped
/// (CL-143).
std::shared_ptr<socket_server> tcp_server(std::optional<std::string> address, std::uint16_t port,
                                          read_callback read_cb, tcp_server_options options = {});
/// The deprecated form with event_cb as fourth argument (CL-081, trap T14). Warns on stderr, once a process.
std::shared_ptr<socket_server> tcp_server(std::optional<std::string> address, std::uint16_t port,
                                          read_callback read_cb, event_callback event_cb,
                                          tcp_server_options options);

/// Stops listening at once; connections go on (CL-097).
void close_tcp_server(socket_server& server);
[[nodiscard]] bool tcp_server_closed(const socket_server& server) noexcept;
/// Extension: the port in use, also if it was asked for as 0.
[[nodiscard]] std::uint16_t server_port(const socket_server& server) noexcept;

}  // namespace antiphon::cl_async_style
