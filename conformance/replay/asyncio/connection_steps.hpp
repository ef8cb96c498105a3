#pragma once

#include "session.hpp"

/// The main steps that are about one connection.
namespace antiphon::asyncio_replay {

[[nodiscard]] const ConnectionPtr& connection_at(const Session& session, std::size_t index);

/// create_connection with a protocol named C; true when it is open.
asio_style::Task<Json> open_connection(Session& session, Json arguments);

/// connect_accepted_socket with the arguments of create_server.
asio_style::Task<void> accept_given_socket(Session& session, Json arguments);

/// start_tls on a connection, which goes on with the new transport.
asio_style::Task<Json> upgrade_connection(Session& session, std::size_t index, Json arguments);

/// sendfile of a file that is made for it, {size, offset, count, fallback}; with "probe" the transport is
/// asked in the middle of it. Records itself and the position of the file after it.
asio_style::Task<void> send_file(Session& session, std::size_t index, Json arguments);

}  // namespace antiphon::asyncio_replay
