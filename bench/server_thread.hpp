#pragma once

#include <pthread.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "counters.hpp"
#include "server.hpp"

namespace antiphon::bench {

/// A server in a thread of its own, whose system calls and allocations count, until the object goes.
class ServerThread {
 public:
  explicit ServerThread(std::unique_ptr<Server> server) : server_(std::move(server)) {
    std::promise<std::uint16_t> ready;
    auto listens_on = ready.get_future();
    thread_ = std::thread([this, &ready] {
      thread_id_ = ::gettid();
      ::pthread_getcpuclockid(::pthread_self(), &clock_);
      count_this_thread();
      server_->run([&ready](std::uint16_t port) { ready.set_value(port); });
    });
    port_ = listens_on.get();
  }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;
  ~ServerThread() {
    server_->stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] pid_t thread_id() const noexcept { return thread_id_; }
  [[nodiscard]] std::int64_t cpu_ns() const {
    timespec time{};
    ::clock_gettime(clock_, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }

 private:
  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::uint16_t port_ = 0;
  pid_t thread_id_ = 0;
  clockid_t clock_{};
};

}  // namespace antiphon::bench
