#pragma once

#include <span>
#include <string_view>

namespace antiphon::conformance {

enum class Level { must, should };

/// One thing that a server's callbacks have to hold to.
struct Rule {
  std::string_view id;
  Level level;
  std::string_view group;
  std::string_view sentence;
  std::string_view sources;  ///< numbers of the specifications, separated by spaces
};

[[nodiscard]] std::span<const Rule> all_rules() noexcept;
[[nodiscard]] const Rule* find_rule(std::string_view id) noexcept;
[[nodiscard]] std::string_view name_of(Level level) noexcept;

}  // namespace antiphon::conformance
