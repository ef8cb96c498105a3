#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "trace_file.hpp"

namespace antiphon::conformance::cl_async {

/// How ours deviates from a recorded trace, on purpose.
struct Difference {
  std::vector<std::string> rules;  ///< of the table of decided quirks: "CL-133"
  std::string reason;
  Outcome expected;  ///< of ours, in full
};

/// Runs the scripts of a trace on cl_async_style and returns what was seen. `hoped` decides only how long the
/// peer's steps wait (see run_peer); all its times are `stretch` times longer. Throws HarnessError.
[[nodiscard]] Outcome replay(const TraceFile& trace, const Outcome& hoped, int stretch = 1);

enum class Verdict {
  equal,        ///< as recorded
  as_declared,  ///< deviates exactly as declared
  stale,        ///< declared to deviate, but as recorded
  differs,      ///< deviates, and nobody said so, or otherwise than declared
};

struct Judgement {
  Verdict verdict = Verdict::differs;
  Outcome ours;
  std::string report;  ///< what differs, for people
};

/// Replays and compares.
[[nodiscard]] Judgement judge(const TraceFile& trace, const Difference* declared);

/// The declared ones, by scenario. Throws HarnessError.
[[nodiscard]] std::map<std::string, Difference> load_differences(const std::filesystem::path& file);

}  // namespace antiphon::conformance::cl_async
