#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <future>
#include <memory>
#include <string_view>
#include <thread>

#include <pthread.h>
#include <unistd.h>

#include "counters.hpp"

namespace antiphon::bench {

enum class Service { echo, http };

/// A server under measurement: in a thread of its own, on a port of loopback, until the object goes.
class Server {
 public:
  Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server() = default;

  std::uint16_t port = 0;
  pid_t thread_id = 0;

  /// CPU time of the server's thread, in nanoseconds.
  [[nodiscard]] std::int64_t cpu_ns() const {
    timespec time{};
    ::clock_gettime(clock_, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }

 protected:
  /// Starts the thread; `run(listening)` serves until asked to stop and calls listening(port) once.
  void start(std::function<void(std::function<void(std::uint16_t)> listening)> run) {
    std::promise<std::uint16_t> ready;
    auto future = ready.get_future();
    thread_ = std::thread([this, run = std::move(run), &ready] {
      thread_id = ::gettid();
      ::pthread_getcpuclockid(::pthread_self(), &clock_);
      count_this_thread();
      run([&ready](std::uint16_t listens_on) { ready.set_value(listens_on); });
    });
    port = future.get();
  }
  void join() { thread_.join(); }

 private:
  std::thread thread_;
  clockid_t clock_{};
};

using Factory = std::unique_ptr<Server> (*)(Service);
std::unique_ptr<Server> make_bare_epoll(Service service);
std::unique_ptr<Server> make_bare_asio(Service service);
std::unique_ptr<Server> make_bare_libuv(Service service);
std::unique_ptr<Server> make_asio_style(Service service);
std::unique_ptr<Server> make_cl_async_style(Service service);

}  // namespace antiphon::bench
