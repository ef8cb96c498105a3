#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace antiphon::asio_style::detail {

/// `first_family` addresses of the family that comes first, then one of each family in turn, each family in
/// the order it came (AS-092, RFC 8305 section 4). For anything with a `family`.
template <class Address>
[[nodiscard]] std::vector<Address> interleave(std::vector<Address> addresses, int first_family) {
  std::vector<std::vector<Address>> families;  // in the order in which they first appear
  for (auto& address : addresses) {
    auto same = std::find_if(families.begin(), families.end(),
                             [&](const auto& family) { return family.front().family == address.family; });
    if (same == families.end()) same = families.emplace(families.end());
    same->push_back(std::move(address));
  }
  std::vector<Address> mixed;
  std::vector<std::size_t> taken(families.size(), 0);
  if (!families.empty() && first_family > 1) {
    const auto ahead = std::min(families[0].size(), static_cast<std::size_t>(first_family) - 1);
    for (; taken[0] < ahead; ++taken[0]) mixed.push_back(std::move(families[0][taken[0]]));
  }
  while (mixed.size() < addresses.size()) {
    for (std::size_t i = 0; i < families.size(); ++i) {
      if (taken[i] < families[i].size()) mixed.push_back(std::move(families[i][taken[i]++]));
    }
  }
  return mixed;
}

}  // namespace antiphon::asio_style::detail
