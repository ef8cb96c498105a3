#pragma once

#include "script.hpp"
#include "stage.hpp"

namespace antiphon::conformance::cl_async {

/// Runs the peer's script to its end in the calling thread and returns each step with its result, as traces
/// have them. The connections are kept in `connections` beyond the last step, since the recorder closed them
/// only when the loop had ended.
///
/// `expected` (the peer events that are hoped for) decides nothing but how long to wait: a step that is
/// expected to see an end waits for it generously, one that is expected to see none (`timeout`, `not_seen`)
/// need not.
class PeerConnections;
[[nodiscard]] Json run_peer(const Ops& script, const Json& expected, Stage& stage,
                            PeerConnections& connections);

}  // namespace antiphon::conformance::cl_async
