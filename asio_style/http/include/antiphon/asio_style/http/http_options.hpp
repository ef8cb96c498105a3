#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "antiphon/asio_style/ssl.hpp"
#include "antiphon/http/server_limits.hpp"
#include "antiphon/http/telemetry.hpp"

namespace antiphon::asio_style {

/// The names that Sanic has (SN-020, SN-025), shared with the other style.
using HttpLimits = http::ServerLimits;

struct HttpServerOptions {
  int backlog = 1024;
  bool reuse_port = false;
  /// HTTPS: a context of PROTOCOL_TLS_SERVER with a certificate. None: HTTP.
  std::optional<SSLContext> ssl{};
  HttpLimits limits{};
  /// Gets what an operator should know: one line without its end, with the client's address (SN-011). On the
  /// loop's thread.
  std::function<void(std::string_view line)> log{};
  /// Metrics and access log. Several servers, also on several threads, may share them.
  http::Telemetry telemetry{};
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
