#pragma once

#include <optional>
#include <vector>

#include "antiphon/asio_style.hpp"
#include "event_log.hpp"
#include "timekeeper.hpp"

namespace antiphon::asyncio_replay {

/// Runs the steps of one blocking client on this thread, recording each when it is done. A step that fails is
/// recorded with what it raised, and the next one follows.
void run_peer(EventLog& log, Timekeeper& time, int number, const std::vector<Json>& steps,
              const std::optional<asio_style::SocketAddress>& server);

}  // namespace antiphon::asyncio_replay
