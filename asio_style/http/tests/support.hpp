#pragma once

#include <antiphon/asio_style/http/http_server.hpp>
#include <antiphon/http/headers.hpp>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// What the tests of the HTTP server share: a server in a thread of its own and a blocking client made of
/// bare system calls. Both sides are real sockets over loopback.
namespace antiphon::asio_style::test {

struct Answer {
  unsigned status = 0;  ///< 0: the connection ended instead
  http::Headers headers;
  std::string body;
};

/// A blocking connection to 127.0.0.1. It waits as long as it takes: ctest's limit ends a hang.
class Client {
 public:
  /// A small `receive_buffer` makes a reader that fills up soon.
  explicit Client(std::uint16_t port, int receive_buffer = 0);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  /// False if the server has gone.
  bool send(std::string_view octets);
  /// As much as goes without waiting.
  std::size_t send_some(std::string_view octets);
  void shutdown();  ///< half-close
  void reset();     ///< RST

  /// The next answer, framed by its own head; `to_head`: it has no body. Interim answers are answers too.
  Answer read_answer(bool to_head = false);
  /// What comes until the end of file; none if it ends in a reset.
  std::optional<std::string> read_to_end();
  /// Exactly so many octets, or fewer before the end.
  std::string read(std::size_t count);

  Answer get(std::string_view target);

 private:
  bool receive();
  std::string take(std::size_t count);
  bool fill(std::size_t count);

  int fd_;
  std::string received_;
};

/// "GET target HTTP/1.1" with a Host and these further lines.
std::string request(std::string_view method, std::string_view target, std::string_view lines = {},
                    std::string_view body = {});

/// How often `text` has `part`.
std::size_t count(std::string_view text, std::string_view part);

/// An HttpServer on a loop and a thread of its own.
class RunningServer {
 public:
  explicit RunningServer(const http::Router& router, HttpLimits limits = {},
                         std::optional<SSLContext> ssl = {}, http::Telemetry telemetry = {});
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() { stop(); }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Runs `fn` on the loop's thread and waits for it.
  template <class Fn>
  auto on_loop(Fn fn) {
    std::packaged_task<decltype(fn(*server_))()> task([&] { return fn(*server_); });
    auto result = task.get_future();
    loop_->call_soon_threadsafe([&task] { task(); });
    return result.get();
  }
  [[nodiscard]] HttpStatistics statistics() {
    return on_loop([](HttpServer& server) { return server.statistics(); });
  }
  /// Asks the loop again and again until it is so.
  template <class Condition>
  void wait_until(Condition condition) {
    while (!on_loop(condition)) std::this_thread::yield();
  }
  /// Lets limits run out by ticks, of which eight make the shortest limit, instead of by time.
  void tick(int times);

  /// Drains; returns how many connections were aborted. Only the first call counts.
  std::size_t stop(std::chrono::milliseconds graceful = std::chrono::milliseconds(0));
  void begin_stop(std::chrono::milliseconds graceful);
  [[nodiscard]] std::vector<std::string> log() const;

 private:
  Task<void> live(std::promise<std::uint16_t>& ready);

  std::thread thread_;
  EventLoop* loop_ = nullptr;
  HttpServer* server_ = nullptr;
  std::optional<Future<void>> stop_asked_;
  std::chrono::milliseconds graceful_{0};
  std::size_t aborted_ = 0;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
};

}  // namespace antiphon::asio_style::test
