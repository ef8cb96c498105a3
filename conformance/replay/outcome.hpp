#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// What a replay of a recorded trace came to; the same for every model.
namespace antiphon::replay {

enum class Verdict {
  equal,          ///< ours did what was recorded
  differs,        ///< ours does something else, declared and asserted event by event
  different,      ///< ours does something else, and nobody said so
  stale,          ///< a declared difference that is none any more
  harness_error,  ///< the replay could not do its work
};

[[nodiscard]] constexpr const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal:
      return "equal";
    case Verdict::differs:
      return "differs as declared";
    case Verdict::different:
      return "DIFFERENT";
    case Verdict::stale:
      return "STALE DECLARATION";
    case Verdict::harness_error:
      return "HARNESS ERROR";
  }
  return "?";
}

[[nodiscard]] constexpr bool is_good(Verdict verdict) {
  return verdict == Verdict::equal || verdict == Verdict::differs;
}

struct Outcome {
  Verdict verdict = Verdict::harness_error;
  std::string message;  ///< the reason of a difference, or the first event that is not as it should be
};

}  // namespace antiphon::replay
