#pragma once

#include <string>

#include "trace.hpp"

namespace antiphon::conformance {

/// What may stand in a scenario. Each throws std::invalid_argument that says what does not.

/// A list of the adapter protocol's actions, also those inside `later` and `soon`.
void check_actions(const Json& actions);
/// A peer script: the protocol's steps and the kit's own (peer.hpp).
void check_steps(const Json& steps);
/// An expectation's events (expectation.hpp).
void check_expectation_text(const std::string& expect);
/// One of the protocol's offers.
void check_offer(const std::string& offer);

}  // namespace antiphon::conformance
