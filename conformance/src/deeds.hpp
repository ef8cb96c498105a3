#pragma once

#include <span>

#include "trace.hpp"

namespace antiphon::conformance {

/// One action that a server script may take, and what it needs of the target.
struct Deed {
  const char* name;
  const char* action;  ///< JSON
  const char* needs;   ///< an offer, or empty
};

/// One of each kind: the alphabet of the enumerated and of the random scenarios.
[[nodiscard]] std::span<const Deed> all_deeds() noexcept;
/// Puts an action into a list, between notes that show whether a callback ran inside it. A list ends where it
/// throws or returns, so nothing would close such a bracket.
void bracket(const Json& action, Json& actions);

}  // namespace antiphon::conformance
