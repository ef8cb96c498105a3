#pragma once

#include <string>

#include "data.hpp"

namespace antiphon::conformance {

/// The page of rules: each with its sources, the scenarios that try it and the mutants that it kills.
[[nodiscard]] std::string rules_page(const Data& data);
/// The page of exercises: what a user of each mutant would see, and, folded away, which rule it breaks.
[[nodiscard]] std::string break_it_page(const Data& data);
/// The automaton as a graph in Graphviz's language, from its tables: what is drawn in docs/ and in the
/// report.
[[nodiscard]] std::string automaton_dot();

}  // namespace antiphon::conformance
