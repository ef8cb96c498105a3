#pragma once

#include <optional>
#include <string>
#include <vector>

#include "antiphon/asio_style/event_loop.hpp"
#include "resolve.hpp"
#include "stream_transport.hpp"
#include "tls_settings.hpp"
#include "unique_fd.hpp"

/// The steps that create_connection and its relatives share.
namespace antiphon::asio_style::detail {

/// Connects without blocking the loop. Throws the errno's OSError: "Connect call failed ('127.0.0.1', 80)".
[[nodiscard]] Task<void> sock_connect(EventLoop& loop, int fd, SocketName address);

/// How Python prints a socket: "<socket.socket fd=7, family=2, type=1, proto=6, laddr=('127.0.0.1', 80)>".
[[nodiscard]] std::string describe_socket(int fd);

void set_non_blocking(int fd);

/// A socket that is connected, as a transport takes it: non-blocking, with TCP_NODELAY where that exists
/// (AS-058, AS-059), its names known (AS-219 to AS-221).
[[nodiscard]] ConnectedSocket prepare(UniqueFd fd);

/// Asks the factory, makes the transport, with TLS on it if there are settings, and waits until
/// connection_made was called. The socket is closed if that fails. Cancelled: the transport is closed
/// (AS-093).
[[nodiscard]] Task<Connection> make_connection(EventLoop& loop, UniqueFd fd, ProtocolFactory factory,
                                               std::optional<TlsSettings> tls);

/// All addresses of `host` in the resolver's order, without blocking the loop.
[[nodiscard]] Task<std::vector<Resolved>> resolve(EventLoop& loop, std::string host, std::uint16_t port,
                                                  int family, int proto, int flags);

/// A UNIX address; ValueError for a path that is too long. A leading NUL: the abstract namespace.
[[nodiscard]] SocketName unix_name(const std::string& path);

}  // namespace antiphon::asio_style::detail
