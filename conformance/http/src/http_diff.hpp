#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "http_client.hpp"

namespace antiphon::http_conformance {

/// What a client sends, in system calls of these sizes, before it half-closes.
using Pieces = std::vector<std::string>;

/// Two servers that answer the same octets differently.
struct Difference {
  std::uint64_t stream = 0;  ///< its number
  Pieces pieces;             ///< shrunk
  std::string first;         ///< the first server's answers
  std::string second;
};

/// Makes the stream of that number: requests as clients send them, some mutated, in any segmentation. The
/// same for the same seed, on every machine.
Pieces make_stream(std::uint64_t seed, std::uint64_t number);

/// Sends `count` streams to both servers and compares all that they answer, but for Date and for 100
/// Continue, which a server may leave away when it has seen a part of the body (RFC 9110, 10.1.1). Stops at
/// the first difference, shrinks it, and returns it. `progress` is told the number of streams done, now and
/// then.
std::optional<Difference> compare_servers(const Address& first, const Address& second, std::uint64_t count,
                                          std::uint64_t seed,
                                          const std::function<void(std::uint64_t)>& progress = {});

/// As a case to be kept, with both answers as comments.
std::string to_case(const Difference& difference);

}  // namespace antiphon::http_conformance
