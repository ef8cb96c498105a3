#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace antiphon::http {

class Request;
class Router;

/// One request that was answered, or what came instead of one. Views: valid during the call.
struct AccessEntry {
  std::string_view peer;         ///< "127.0.0.1:4711"
  std::string_view method = {};  ///< empty: the request line was never understood
  std::string_view target = {};
  unsigned version_minor = 1;
  unsigned status = 0;
  std::uint64_t octets = 0;  ///< of the answer's body
  std::chrono::nanoseconds took{};
};

/// In the Common Log Format, without a line end: host - - [time] "request" status octets. What is not
/// printable in the request is escaped as `\xHH`, so that no client can write a line of its own.
void append_clf(const AccessEntry& entry, std::time_t at, std::string& out);
/// As one JSON object: time, peer, method, target, version, status, octets, seconds.
void append_json(const AccessEntry& entry, std::time_t at, std::string& out);

/// Writes a line for each answer to a file that somebody else closes. May be shared by threads.
class AccessLog {
 public:
  enum class Format { clf, json };
  AccessLog(Format format, std::FILE* to) noexcept : format_(format), to_(to) {}
  void write(const AccessEntry& entry);
  /// Lines wait in the file's buffer until it is full or this is called, as the servers do from time to time.
  void flush();

 private:
  Format format_;
  std::FILE* to_;
  std::mutex mutex_;
  std::string line_;
};

/// Counters of a server, or of all its workers together. May be shared by threads.
class Metrics {
 public:
  /// Upper bounds of the latency histogram, in seconds; one more bucket has the rest.
  static constexpr std::array bounds{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0};

  void opened() noexcept {
    add(accepted_, 1);
    open_.fetch_add(1, std::memory_order_relaxed);
  }
  void closed() noexcept { open_.fetch_sub(1, std::memory_order_relaxed); }
  void received(std::size_t octets) noexcept { add(received_, octets); }
  void sent(std::size_t octets) noexcept { add(sent_, octets); }
  /// The octets that wait to be sent have become so many more, or fewer.
  void buffered(std::int64_t change) noexcept { buffered_.fetch_add(change, std::memory_order_relaxed); }
  void answered(unsigned status, std::chrono::nanoseconds took) noexcept;

  /// Prometheus' text form.
  [[nodiscard]] std::string text() const;

 private:
  using Counter = std::atomic<std::uint64_t>;
  static void add(Counter& to, std::uint64_t count) noexcept {
    to.fetch_add(count, std::memory_order_relaxed);
  }

  Counter accepted_{0};
  Counter received_{0};
  Counter sent_{0};
  std::atomic<std::int64_t> open_{0};
  std::atomic<std::int64_t> buffered_{0};
  std::array<Counter, 600> by_status_{};
  std::array<Counter, bounds.size() + 1> latency_{};
  Counter latency_sum_{0};  // nanoseconds
};

/// Adds GET /metrics. The router keeps the metrics alive.
void add_metrics_route(Router& router, std::shared_ptr<const Metrics> metrics);

/// What a server tells of its work, if anybody wants to know. Both null: it costs nothing.
struct Telemetry {
  std::shared_ptr<Metrics> metrics{};
  std::shared_ptr<AccessLog> access_log{};

  explicit operator bool() const noexcept { return metrics != nullptr || access_log != nullptr; }
  void answered(const AccessEntry& entry) const {
    if (metrics) metrics->answered(entry.status, entry.took);
    if (access_log) access_log->write(entry);
  }
};

}  // namespace antiphon::http
