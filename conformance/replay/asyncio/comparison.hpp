#pragma once

#include <optional>
#include <string>

#include "replay.hpp"

/// By the oracle's rules: keys that begin with "~" are never compared; peers' events are ordered per peer
/// only; any variant that was recorded may match; with
/// merge_dr consecutive DR of one connection are one. Pure: no sockets, no loop.
namespace antiphon::asyncio_replay {

/// The trace as it is compared: without what the format says does not count.
[[nodiscard]] Trace comparable(const Trace& trace, const Scenario& scenario);

/// Where ours is not the recorded trace (the oracle's whole file) or any of its variants: the first event
/// that is not the same, with both sides. None: they are equal.
[[nodiscard]] std::optional<std::string> difference(const Trace& ours, const Json& recorded,
                                                    const Scenario& scenario);

/// How much of the rest the kernel takes in the send that passes the low mark is its own affair: once in some
/// hundred runs it leaves some where it mostly leaves none, or none where it mostly leaves some.
/// resume_writing then comes with "<=low" instead of "0", or the other way round, and what follows takes
/// another turn. The oracle has both for pw_rw_drain. As seldom it takes all of a large write at once, from
/// which a peer reads meanwhile. True if ours is such a run and no recorded one is: it
/// says nothing then.
[[nodiscard]] bool kernel_took_another_share(const Trace& ours, const Json& recorded);

}  // namespace antiphon::asyncio_replay
