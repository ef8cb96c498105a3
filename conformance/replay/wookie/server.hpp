#pragma once

#include <antiphon/test_support/temporary_folder.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "antiphon/cl_async_style.hpp"
#include "antiphon/cl_async_style/http/listener.hpp"

namespace antiphon::wookie_replay {

/// What the recorder logged on the server's side, in order.
class event_log {
 public:
  void add(nlohmann::json event);
  [[nodiscard]] nlohmann::json events() const;
  /// Of that name, until now.
  [[nodiscard]] std::size_t count(const std::string& name) const;
  /// Nothing more is logged, but the end of the loop.
  void freeze();

 private:
  mutable std::mutex mutex_;
  nlohmann::json events_ = nlohmann::json::array();
  bool frozen_ = false;
};

/// Time as the scripts count it. It passes only when the peer's script says so: then it does not matter how
/// busy the machine is. Belongs to the loop.
class script_clock {
 public:
  void later(std::chrono::milliseconds time, std::function<void()> fn);
  void advance(std::chrono::milliseconds time);

 private:
  struct timer {
    std::chrono::milliseconds due;
    std::function<void()> fn;
  };
  std::chrono::milliseconds now_{0};
  std::vector<timer> timers_;
};

/// A server in a thread of its own as the trace's server script says, with the recorded application.
class server {
 public:
  /// Throws std::invalid_argument for a script with anything in it that is not known.
  explicit server(const nlohmann::json& trace);
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const event_log& log() const noexcept { return log_; }
  /// Returns when the loop has dealt with all that reached it before.
  void settle();
  void advance(std::chrono::milliseconds time);
  /// Closes all and ends the loop.
  void stop();

 private:
  void run();
  void start();
  void in_loop(const std::function<void()>& fn);
  int number_of(cl_async_style::socket& which);

  nlohmann::json trace_;
  std::optional<test_support::TemporaryFolder> folder_;  // "dir" of the script
  event_log log_;
  script_clock clock_;
  std::vector<const cl_async_style::socket*> sockets_;
  std::shared_ptr<cl_async_style::http_server> listener_;
  std::shared_ptr<cl_async_style::notifier> bell_;
  std::mutex mutex_;
  std::function<void()> posted_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace antiphon::wookie_replay
