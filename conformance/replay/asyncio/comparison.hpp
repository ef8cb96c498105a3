#pragma once

#include <optional>
#include <string>

#include "replay.hpp"

/// By the oracle's rules: keys that begin with "~" are never compared; peers' events are ordered per peer
/// only; any variant that was recorded may match; at RW "0" and "<=low" are one, for the kernel decides; with
/// merge_dr consecutive DR of one connection are one. Pure: no sockets, no loop.
namespace antiphon::asyncio_replay {

/// The trace as it is compared: without what the format says does not count.
[[nodiscard]] Trace comparable(const Trace& trace, const Scenario& scenario);

/// Where ours is not the recorded trace (the oracle's whole file) or any of its variants: the first event
/// that is not the same, with both sides. None: they are equal.
[[nodiscard]] std::optional<std::string> difference(const Trace& ours, const Json& recorded,
                                                    const Scenario& scenario);

}  // namespace antiphon::asyncio_replay
