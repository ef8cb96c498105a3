#pragma once

#include "session.hpp"

namespace antiphon::asyncio_replay {

/// The scenario's own coroutine: listens, starts the peers, runs the main steps in order, closes the servers.
asio_style::Task<void> run_main(Session& session);

/// ["builtin", name]: a test of the loop that the format does not describe. HarnessError for an unknown name.
asio_style::Task<void> run_builtin(Session& session, const std::string& name);

/// "sync": a test that runs and closes the loop itself. HarnessError for an unknown name.
void run_sync(Session& session, const std::string& name);

/// {count, sockets: [{family, host, v6only, …}], distinct_ports, serving}.
[[nodiscard]] Json server_info(const asio_style::Server& server);

/// Opens what create_server (or create_unix_server, with "kind": "unix") opens.
asio_style::Task<std::shared_ptr<asio_style::Server>> open_server(Session& session, Json arguments);

}  // namespace antiphon::asyncio_replay
