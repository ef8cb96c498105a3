#pragma once

#include <span>

namespace antiphon::conformance {

/// One action that a server script may take, and what it needs of the target.
struct Deed {
  const char* name;
  const char* action;  ///< JSON
  const char* needs;   ///< an offer, or empty
};

/// One of each kind: the alphabet of the enumerated and of the random scenarios.
[[nodiscard]] std::span<const Deed> all_deeds() noexcept;

}  // namespace antiphon::conformance
