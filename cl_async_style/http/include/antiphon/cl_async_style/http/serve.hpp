#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "antiphon/cl_async_style/http/listener.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::cl_async_style {

struct serve_options {
  int backlog = 1024;
  bool reuse_port = false;
  bool handle_signals = true;               ///< SIGINT and SIGTERM stop it; a second one stops it at once
  std::chrono::milliseconds drain{15'000};  ///< for answers under way when it is stopped
  std::optional<ssl_parameters> ssl{};      ///< HTTPS: an ssl_listener
  http_limits limits{};
  http::Telemetry telemetry{};
  std::function<void(std::uint16_t port)> on_listening{};
  /// Is handed, before on_listening, what stops the server from any thread.
  std::function<void(std::function<void()> stop)> on_stopper{};
  /// Gets what an operator should know; by default it goes to stderr.
  std::function<void(std::string_view line)> log{};
};

/// start_event_loop, start_server, signal_handler: a whole program's main. Runs until stopped. Returns the
/// exit status: 0, or 1 if it could not listen, after one line to the log that says why.
int serve(const std::string& host, std::uint16_t port, const http::Router& router,
          serve_options options = {});

}  // namespace antiphon::cl_async_style
