#pragma once

#include <string_view>

namespace antiphon::conformance {

enum class Verdict {
  pass,
  warn,           ///< a SHOULD was not kept
  differs,        ///< a declared difference, which still differs
  not_offered,    ///< the target does not offer what the scenario needs
  fail,           ///< a rule was broken
  flaky,          ///< it was repeated, and the verdicts were not the same
  stale,          ///< a declared difference that passes: the declaration must go
  harness_error,  ///< the kit or an adapter failed
};
[[nodiscard]] std::string_view name_of(Verdict verdict) noexcept;
/// What does not fail a run: pass, warn, differs, not offered.
[[nodiscard]] bool is_good(Verdict verdict) noexcept;

}  // namespace antiphon::conformance
