#pragma once

#include <filesystem>
#include <iosfwd>

#include "replay.hpp"

namespace antiphon::conformance::cl_async {

struct Counts {
  std::size_t equal = 0;
  std::size_t as_declared = 0;
  std::size_t differs = 0;
  std::size_t harness_errors = 0;
};

/// Replays a trace or a folder of them and writes a line each, then the counts; what differs is shown.
/// `json`, if not null, becomes the same as a list: scenario, verdict, what was seen. A trace that is broken
/// or cannot be replayed is a harness error of its own. Throws HarnessError if there is none at all.
Counts replay_all(const std::filesystem::path& where, const std::map<std::string, Difference>& declared,
                  std::ostream& out, Json* json = nullptr);

}  // namespace antiphon::conformance::cl_async
