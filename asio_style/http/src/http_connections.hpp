#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/asio_style/event_loop.hpp"
#include "antiphon/asio_style/http/http_options.hpp"
#include "antiphon/http/date_cache.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::asio_style {
class HttpProtocol;
}

namespace antiphon::asio_style::detail {

struct Turn;

/// The connections of one server and what they share: options, clock, memory, statistics.
/// Each connection keeps it alive.
class HttpConnections {
 public:
  HttpConnections(EventLoop& loop, const http::Router& router, HttpServerOptions options);
  HttpConnections(const HttpConnections&) = delete;
  HttpConnections& operator=(const HttpConnections&) = delete;
  ~HttpConnections();

  void join(HttpProtocol& connection);
  void leave(HttpProtocol& connection);
  /// The same when the loop has been closed: nobody waits any more.
  void forget(HttpProtocol& connection);
  [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
  [[nodiscard]] std::size_t buffered() const;

  // Time, in ticks of one timer for all connections: fine enough for the shortest limit, coarse enough to
  // cost nothing, and no request looks at a clock.
  [[nodiscard]] std::uint32_t now() const noexcept { return now_; }
  /// Lets one tick pass; the timer's business.
  void tick();
  /// At least `limit` has passed since that tick.
  [[nodiscard]] bool over(std::uint32_t since, std::chrono::milliseconds limit) const noexcept;

  // Memory
  [[nodiscard]] std::unique_ptr<Turn> lend_turn();
  void give_back(std::unique_ptr<Turn> turn);
  [[nodiscard]] std::unique_ptr<std::string> lend_output() {
    if (outputs_.empty()) return std::make_unique<std::string>();
    auto output = std::move(outputs_.back());
    outputs_.pop_back();
    return output;
  }
  void give_back(std::unique_ptr<std::string> output) {
    if (outputs_.size() >= spares_kept || output->capacity() > output_kept) return;
    output->clear();
    outputs_.push_back(std::move(output));
  }
  /// One more connection may keep its Turn while it is idle: true for the first so many, until they leave.
  [[nodiscard]] bool grant_turn() noexcept {
    if (turns_granted_ >= turns_granted_at_most) return false;
    ++turns_granted_;
    return true;
  }
  void return_grant() noexcept { --turns_granted_; }

  // The end
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  void begin_drain() noexcept { draining_ = true; }
  void close_idle();
  void abort_all();
  /// Done once no connection is left.
  [[nodiscard]] Future<void> gone();
  /// How many abort_all has ended in all.
  [[nodiscard]] std::size_t aborted() const noexcept { return aborted_; }

  /// One line to the log; what is not printable in it does not get there.
  void log(std::string_view peer, std::string_view what) const;

  EventLoop& loop;
  const http::Router& router;
  const HttpServerOptions options;
  http::DateCache date;
  HttpStatistics statistics;

 private:
  static constexpr std::size_t spares_kept = 256;
  static constexpr std::size_t output_kept =
      256 * 1024;  // a larger one had a large answer in it: not the usual case
  static constexpr std::size_t turns_granted_at_most = 256;  // some 2 KiB each

  void arm();
  void observe();

  std::vector<HttpProtocol*> connections_;
  std::vector<std::unique_ptr<Turn>> turns_;
  std::vector<std::unique_ptr<std::string>> outputs_;
  std::optional<Future<void>> gone_;
  TimerHandle timer_;
  std::chrono::milliseconds period_;
  std::size_t aborted_ = 0;
  std::size_t turns_granted_ = 0;
  std::int64_t buffered_told_ = 0;
  std::uint32_t now_ = 0;
  bool ticking_ = false;
  bool draining_ = false;
};

}  // namespace antiphon::asio_style::detail
