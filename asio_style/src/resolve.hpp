#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "raw_address.hpp"

namespace antiphon::asio_style::detail {

/// One line of getaddrinfo's answer.
struct Resolved {
  int family = 0;
  int type = 0;
  int proto = 0;
  SocketName name;

  [[nodiscard]] bool same_as(const Resolved& other) const noexcept;
};

/// A numeric host of the wanted family needs no resolver (AS-018). None if `host` is something else.
[[nodiscard]] std::optional<Resolved> numeric(const std::string& host, std::uint16_t port, int family);

/// Blocks. `host` empty: the wildcard addresses (AS-011).
/// Throws GaiError, or OSError if there is nothing (AS-016, AS-017).
[[nodiscard]] std::vector<Resolved> getaddrinfo(const std::string& host, std::uint16_t port, int family,
                                                int flags, int proto = 0);

}  // namespace antiphon::asio_style::detail
