#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "antiphon/http/parser.hpp"

namespace antiphon::http {

/// What clients may take of a server's time and memory, the same for every style (SN-025). Each limit has its
/// answer, and its line in the log.
///
/// A time limit never strikes early, and at most a quarter of the shortest one late: one timer serves all
/// connections, so that a request costs none.
struct ServerLimits {
  ParserLimits parser{};
  /// For a head, from the first octet or the connect: 408.
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds body_timeout{20'000};        ///< between two pieces of a body: 408
  std::chrono::milliseconds keep_alive_timeout{75'000};  ///< between two requests: closed without a word
  /// For the handler to begin its answer: 503. Also for a client that takes nothing of an answer: aborted.
  std::chrono::milliseconds response_timeout{60'000};
  /// After the last answer, for the client to read and close.
  std::chrono::milliseconds linger_timeout{2'000};
  /// Octets of further requests that are kept while one is answered; beyond it the client is not read from.
  std::size_t pipelined = 64 * 1024;
  std::uint64_t unwanted_body = 256 * 1024;  ///< read and dropped to save the connection; beyond it: closed
  std::uint64_t linger_octets =
      128 * 1024 * 1024;              ///< read and dropped so that the client can read its error
  std::size_t connections = 100'000;  ///< at once; one more is told 503

  /// Throws std::invalid_argument naming the first limit that is not above zero (trap T6).
  void check() const;
};

}  // namespace antiphon::http
