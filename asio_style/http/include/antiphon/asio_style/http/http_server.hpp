#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/asio_style/event_loop.hpp"
#include "antiphon/http/date_cache.hpp"
#include "antiphon/http/parser.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::asio_style {

class HttpProtocol;

/// What a client may take of the server's time and memory (SN-025).
struct HttpLimits {
  http::ParserLimits parser{};
  std::chrono::milliseconds request_timeout{10'000};     ///< for the head of a request, from its first octet: 408
  std::chrono::milliseconds body_timeout{20'000};        ///< between two pieces of a body: 408
  std::chrono::milliseconds keep_alive_timeout{75'000};  ///< between two requests: closed without a word
  std::chrono::milliseconds response_timeout{60'000};    ///< for the handler to begin its answer: 503
  std::chrono::milliseconds linger_timeout{2'000};       ///< after the last answer, for the client to take it and close

  /// Throws ValueError naming the first limit that is not above zero (trap T6).
  void check() const;
};

struct HttpServerOptions {
  int backlog = 1024;
  bool reuse_port = false;
  HttpLimits limits{};
  /// Gets what an operator should know, with the client's address (SN-011).
  std::function<void(std::string_view line)> log{};
};

/// What `serve` is made of, for those who have a loop of their own: a listener whose protocol factory makes HttpProtocols,
/// the set of their connections, and their draining. Everything on the loop's thread. Must outlive its connections: await
/// stop() before it goes, or close the loop first.
class HttpServer {
 public:
  /// The router must outlive the server.
  HttpServer(EventLoop& loop, const http::Router& router, HttpServerOptions options = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// Binds; raises as create_server does. No connection is accepted before start_serving.
  Task<void> bind(std::string host, std::uint16_t port);
  Task<void> start_serving();
  /// Stops accepting, closes idle connections at once, lets the others finish their answer, aborts those left after
  /// `graceful_timeout` (SN-023, SN-024). Returns how many were aborted.
  Task<std::size_t> stop(std::chrono::milliseconds graceful_timeout);
  /// Aborts all connections; a stop under way then ends at once.
  void abort();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }
  /// Octets that wait to be sent, over all connections: the cost of slow readers.
  [[nodiscard]] std::size_t buffered() const;

 private:
  friend class HttpProtocol;
  void add(HttpProtocol& connection);
  void remove(HttpProtocol& connection);
  void sweep();
  void arm_sweep();
  void log(std::string_view peer, std::string_view what) const;

  EventLoop& loop_;
  const http::Router& router_;
  HttpServerOptions options_;
  std::shared_ptr<Server> server_;
  std::vector<HttpProtocol*> connections_;
  std::optional<Future<void>> drained_;
  TimerHandle sweep_timer_;
  http::DateCache date_;
  std::string scratch_;  // an answer between writer and transport
  TimePoint now_;        // of the last sweep: exact enough for deadlines, and costs no request a look at the clock
  std::uint16_t port_ = 0;
  std::size_t aborted_ = 0;
  bool draining_ = false;
};

}  // namespace antiphon::asio_style
