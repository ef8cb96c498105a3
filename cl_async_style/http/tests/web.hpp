#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "antiphon/app.hpp"
#include "antiphon/cl_async_style.hpp"
#include "antiphon/cl_async_style/http/config.hpp"
#include "antiphon/cl_async_style/http/listener.hpp"
#include "antiphon/cl_async_style/http/routes.hpp"

namespace antiphon::cl_async_style::test {

/// A server in a thread of its own; `setup` defines its routes there.
class web {
 public:
  explicit web(std::function<void()> setup, http_limits limits = {}, http::Telemetry telemetry = {},
               std::function<std::chrono::steady_clock::time_point()> clock = {}) {
    std::promise<std::uint16_t> ready;
    auto port_known = ready.get_future();
    thread_ = std::thread([this, &ready, setup = std::move(setup), limits, telemetry, clock] {
      start_event_loop([&] {
        clear_routes();
        clear_hooks();
        clear_error_handlers();
        config() = {};
        setup();
        server_ = start_server({.bind = "127.0.0.1",
                                .port = 0,
                                .event_cb =
                                    [this](const std::exception& event, const std::shared_ptr<socket>&) {
                                      if (!condition_cast<streamish_error>(event))
                                        log_.emplace_back(event.what());
                                    },
                                .limits = limits,
                                .telemetry = telemetry,
                                .clock = clock});
        bell_ = make_notifier([this] { run_posted(); }, {.single_shot = false});
        ready.set_value(server_->port());
      });
      server_.reset();
    });
    port = port_known.get();
  }
  web(const web&) = delete;
  web& operator=(const web&) = delete;
  ~web() { stop(std::chrono::milliseconds(0)); }

  /// Runs in the loop and waits for it.
  template <typename Fn>
  auto in_loop(Fn fn) {
    std::packaged_task<decltype(fn(*server_))()> task([&] { return fn(*server_); });
    auto result = task.get_future();
    {
      const std::scoped_lock lock(mutex_);
      posted_ = [&task] { task(); };
    }
    trigger_notifier(*bell_);
    return result.get();
  }
  /// Drains; how many connections had to be closed by force. Only the first call counts.
  std::size_t stop(std::chrono::milliseconds deadline) {
    if (!thread_.joinable()) return 0;
    begin_stop(deadline);
    thread_.join();
    return forced_;
  }
  void begin_stop(std::chrono::milliseconds deadline) {
    if (std::exchange(stopping_, true)) return;
    in_loop([&](http_server& server) {
      stop_server(server, deadline, [this](std::size_t forced) {
        forced_ = forced;
        exit_event_loop();
      });
    });
  }
  std::vector<std::string> log() {
    return in_loop([this](http_server&) { return log_; });
  }

  std::uint16_t port = 0;

 private:
  void run_posted() {
    std::function<void()> fn;
    {
      const std::scoped_lock lock(mutex_);
      fn = std::exchange(posted_, nullptr);
    }
    if (fn) fn();
  }
  std::shared_ptr<http_server> server_;
  std::shared_ptr<notifier> bell_;
  std::mutex mutex_;
  std::function<void()> posted_;
  std::size_t forced_ = 0;
  bool stopping_ = false;
  std::vector<std::string> log_;
  std::thread thread_;
};

/// A blocking client of bare system calls. Its time limit is only against a hang.
class client {
 public:
  explicit client(const web& server, int receive_buffer = 0) : client(server.port, receive_buffer) {}
  explicit client(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(fd_, reinterpret_cast<sockaddr*>(&where), sizeof(where));
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() { ::close(fd_); }

  void send(std::string_view octets) const {
    while (!octets.empty()) {
      const ssize_t count = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void shutdown() const { ::shutdown(fd_, SHUT_WR); }
  void reset() const {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  /// Up to the end of `mark`, or of everything.
  std::string read_to(std::string_view mark) {
    while (true) {
      const std::size_t found = received_.find(mark);
      if (found != std::string::npos) {
        std::string text = received_.substr(0, found + mark.size());
        received_.erase(0, text.size());
        return text;
      }
      if (!receive()) return std::exchange(received_, {});
    }
  }
  std::string read(std::size_t size) {
    while (received_.size() < size && receive()) {
    }
    std::string text = received_.substr(0, size);
    received_.erase(0, text.size());
    return text;
  }
  std::string read_all() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  /// The body of the next answer that has a Content-Length; `status` gets its number.
  std::string answer(unsigned* status = nullptr) {
    const std::string head = read_to("\r\n\r\n");
    if (status != nullptr)
      *status = head.size() > 12 ? static_cast<unsigned>(std::stoul(head.substr(9, 3))) : 0;
    const std::size_t length = head.find("Content-Length: ");
    return length == std::string::npos ? "" : read(std::stoul(head.substr(length + 16)));
  }
  std::string get(std::string_view target, unsigned* status = nullptr) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n\r\n");
    return answer(status);
  }

 private:
  bool receive() {
    std::array<char, 65536> piece{};
    const ssize_t count = ::recv(fd_, piece.data(), piece.size(), 0);
    if (count <= 0) return false;
    received_.append(piece.data(), static_cast<std::size_t>(count));
    return true;
  }
  int fd_;
  std::string received_;
};

inline std::string post(std::string_view target, std::string_view body, std::string_view fields = "") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace antiphon::cl_async_style::test
