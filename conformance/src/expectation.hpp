#pragma once

#include <optional>
#include <string>
#include <vector>

namespace antiphon::conformance {

/// Where tokens stop matching, and what could have come there.
struct Mismatch {
  std::size_t at = 0;    ///< index of the first token that cannot be; the number of tokens if one is missing
  std::string expected;  ///< "DR or ER"; "nothing"
};

/// What a trace may look like: tokens separated by spaces, `A|B` for either, with `+`, `*` or `?` behind for
/// repetition; a `*` inside parentheses stands for anything: "CM DR+ ER? CL(none)|CL(reset)",
/// "RT(write raised *)".
class Expectation {
 public:
  explicit Expectation(const std::string& text);
  [[nodiscard]] std::optional<Mismatch> mismatch(const std::vector<std::string>& tokens) const;

 private:
  struct Item {
    std::vector<std::string> either;
    bool may_be_missing = false;
    bool repeats = false;
  };
  [[nodiscard]] std::vector<bool> reachable(std::vector<bool> from) const;
  std::vector<Item> items_;
};

[[nodiscard]] bool matches(const std::vector<std::string>& tokens, const std::string& expect);

}  // namespace antiphon::conformance
