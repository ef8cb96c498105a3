#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "../outcome.hpp"
#include "replay.hpp"

namespace antiphon::asyncio_replay {

/// Where ours is known to do something else: the reason with the rule that asks for it, and all of what ours
/// does instead, so that the corrected behaviour is asserted and nothing hides behind the declaration.
struct Difference {
  std::string reason;
  Json expected;  ///< {events, peer_events, variants?}, as a recorded trace
};

/// differences.json: [{"scenario", "rules", "reason", "events", "peer_events", "variants"?}]. None if there
/// is no such file.
[[nodiscard]] std::map<std::string, Difference> load_differences(const std::filesystem::path& file);

/// Runs a scenario file and compares it with `traces`/<name>.asyncio.json and the declared differences.
/// `ours`, if given, gets the trace. Never throws.
[[nodiscard]] replay::Outcome judge(const std::filesystem::path& scenario,
                                    const std::filesystem::path& traces,
                                    const std::map<std::string, Difference>& differences,
                                    Trace* ours = nullptr);

}  // namespace antiphon::asyncio_replay
