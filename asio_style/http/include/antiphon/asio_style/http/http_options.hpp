#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "antiphon/http/parser.hpp"

namespace antiphon::asio_style {

/// What clients may take of the server's time and memory (SN-025).
///
/// A time limit never strikes early, and at most a quarter of the shortest one late: one timer serves all
/// connections, so that a request costs none.
struct HttpLimits {
  http::ParserLimits parser{};
  std::chrono::milliseconds request_timeout{
      10'000};                                     ///< for a head, from the first octet or the connect: 408
  std::chrono::milliseconds body_timeout{20'000};  ///< between two pieces of a body: 408
  std::chrono::milliseconds keep_alive_timeout{75'000};  ///< between two requests: closed without a word
  /// For the handler to begin its answer: 503. Also for a client that takes nothing of an answer: aborted.
  std::chrono::milliseconds response_timeout{60'000};
  std::chrono::milliseconds linger_timeout{
      2'000};  ///< after the last answer, for the client to read and close
  /// Octets of further requests that are kept while one is answered; beyond it the client is not read from.
  std::size_t pipelined = 64 * 1024;
  std::size_t unwanted_body = 256 * 1024;  ///< read and dropped to save the connection; beyond it: closed
  std::size_t linger = 128 * 1024 * 1024;  ///< read and dropped so that the client can read its error
  std::size_t connections = 100'000;       ///< at once; one more is told 503

  /// Throws ValueError naming the first limit that is not above zero (trap T6).
  void check() const;
};

struct HttpServerOptions {
  int backlog = 1024;
  bool reuse_port = false;
  HttpLimits limits{};
  /// Gets what an operator should know: one line without its end, with the client's address (SN-011). On the
  /// loop's thread.
  std::function<void(std::string_view line)> log{};
};

/// What a server has done since its making. Counted on the loop's thread; read it there.
struct HttpStatistics {
  std::uint64_t connections = 0;             ///< accepted
  std::uint64_t requests = 0;                ///< with an intelligible head
  std::array<std::uint64_t, 6> responses{};  ///< by the first digit of the status
  std::uint64_t octets_received = 0;         ///< of requests
  std::uint64_t octets_sent = 0;             ///< of answers, as handed to the transports
  std::uint64_t writes = 0;                  ///< to the transports: at best one for each batch of requests
  std::size_t most_buffered = 0;             ///< the most that waited to be sent on any one connection
  std::size_t most_ahead = 0;                ///< the most that any one client had sent ahead of its answers
};

}  // namespace antiphon::asio_style
