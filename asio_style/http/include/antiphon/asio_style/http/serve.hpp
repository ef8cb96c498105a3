#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "antiphon/asio_style/http/http_server.hpp"

namespace antiphon::asio_style {

struct ServeOptions {
  HttpServerOptions server{};                        ///< without a log, lines go to stderr
  std::chrono::milliseconds graceful_timeout{15'000};  ///< for answers under way when it is stopped (SN-024)
  bool handle_signals = true;                        ///< SIGINT and SIGTERM stop it; a second one stops it at once
  /// Run once when the address is bound, before the first connection is accepted (SN-022); may be none.
  std::function<Task<void>(EventLoop&)> after_start{};
  /// Run once after the stop was asked for and before draining; may be none.
  std::function<Task<void>(EventLoop&)> before_stop{};
  std::function<void(std::uint16_t port)> on_listening{};
  /// Is handed, before on_listening, what stops the server from any thread.
  std::function<void(std::function<void()> stop)> on_stopper{};
};

/// Makes a loop, listens, serves until SIGINT, SIGTERM or its stopper, drains (SN-020). A whole program's main. Returns the
/// exit status: 0, or 1 if it could not start, after one line to the log that says why (SN-021).
int serve(const std::string& host, std::uint16_t port, const http::Router& router, ServeOptions options = {});

}  // namespace antiphon::asio_style
