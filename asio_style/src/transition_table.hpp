#pragma once

#include <array>
#include <cstddef>

namespace antiphon::asio_style::detail {

/// Rows of (from, step, to), spread out for a look-up by index. What no row names stays where it is.
template <std::size_t phases, std::size_t steps, class Rows>
[[nodiscard]] constexpr auto spread_transitions(const Rows& rows) {
  using Phase = decltype(rows[0].to);
  std::array<std::array<Phase, steps>, phases> spread{};
  for (std::size_t from = 0; from < phases; ++from) spread[from].fill(static_cast<Phase>(from));
  for (const auto& row : rows)
    spread[static_cast<std::size_t>(row.from)][static_cast<std::size_t>(row.step)] = row.to;
  return spread;
}

}  // namespace antiphon::asio_style::detail
