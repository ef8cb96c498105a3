#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session.hpp"

namespace antiphon::asyncio_replay {

/// Runs what the scenario says for a callback, in order. Exceptions of transport calls are recorded; only
/// ["raise", type] leaves. What ["return", value] said, if anything did.
std::optional<Json> run_actions(Session& session, const ConnectionPtr& connection,
                                const std::vector<Json>& actions);

/// Records a callback, then runs the actions of every handler that names it.
std::optional<Json> tell(Session& session, const ConnectionPtr& connection, const std::string& protocol,
                         const std::string& event, const Json& details = Json::object());

}  // namespace antiphon::asyncio_replay
