#include "antiphon/asio_style/http/serve.hpp"

#include <csignal>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>

#include "antiphon/asio_style/errors.hpp"

namespace antiphon::asio_style {

namespace {

/// The system's words, without the decoration that a Python traceback needs.
std::string reason_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const OSError& error) {
    return error.code().message();
  } catch (...) {
    return message_of(failure);
  }
}

std::string address_of(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// A way to a loop from other threads that may outlive it.
class LoopLine {
 public:
  LoopLine(EventLoop& loop, std::function<void()> action) : loop_(&loop), action_(std::move(action)) {}
  void pull() {
    const std::lock_guard lock(mutex_);
    if (loop_ != nullptr) loop_->call_soon_threadsafe(action_);
  }
  void cut() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  EventLoop* loop_;
  std::function<void()> action_;
};

/// A server's life from the first system call to the last.
class Service {
 public:
  Service(const std::string& host, std::uint16_t port, const http::Router& router, ServeOptions options)
      : host_(host), port_(port), router_(router), options_(std::move(options)) {}

  int run() {
    const int status = loop_.run_until_complete(live());
    line_->cut();
    loop_.close();
    return status;
  }

 private:
  Task<int> live();
  Task<bool> started();
  Task<void> before_stop();
  void stop();
  void say(const std::string& line) const { options_.server.log(line); }

  std::string host_;
  std::uint16_t port_;
  const http::Router& router_;
  ServeOptions options_;
  EventLoop loop_;
  std::optional<HttpServer> server_;
  Future<void> stop_asked_{loop_};
  std::optional<Future<void>> hook_;  // before_stop, while it runs
  bool abort_asked_ = false;
  std::shared_ptr<LoopLine> line_ = std::make_shared<LoopLine>(loop_, [this] { stop(); });
};

Task<int> Service::live() {
  if (!co_await started()) co_return 1;
  co_await stop_asked_;
  if (options_.before_stop) co_await before_stop();
  const auto patience = abort_asked_ ? std::chrono::milliseconds(0) : options_.graceful_timeout;
  const std::size_t aborted = co_await server_->stop(patience);
  if (aborted > 0)
    say(std::to_string(aborted) + (aborted == 1 ? " connection was" : " connections were") + " aborted");
  co_return 0;
}

/// SN-021: false after one line that says why not.
Task<bool> Service::started() {
  const char* doing = "cannot serve on ";
  std::exception_ptr failure;
  try {
    server_.emplace(loop_, router_, options_.server);
    if (options_.handle_signals) {
      // First of all: a signal that comes while we start is a stop like any other.
      for (const int signum : {SIGINT, SIGTERM}) loop_.add_signal_handler(signum, [this] { stop(); });
    }
    doing = "cannot listen on ";
    co_await server_->bind(host_, port_);
    doing = "after_start failed on ";
    if (options_.after_start) co_await options_.after_start(loop_);
    doing = "cannot listen on ";
    co_await server_->start_serving();
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (failure) {
    say(doing + address_of(host_, port_) + ": " + reason_of(failure));
    co_return false;
  }
  if (options_.on_stopper) options_.on_stopper([line = line_] { line->pull(); });
  if (options_.on_listening) options_.on_listening(server_->port());
  co_return true;
}

/// A task of its own, so that a second signal can end it.
Task<void> Service::before_stop() {
  hook_.emplace(loop_.create_task(options_.before_stop(loop_)));
  try {
    co_await *hook_;
  } catch (const CancelledError&) {
    if (!abort_asked_) throw;
  } catch (const std::exception& error) {
    say(std::string("before_stop failed: ") + error.what());
  }
  hook_.reset();
}

void Service::stop() {
  if (!stop_asked_.done()) return stop_asked_.set_result();
  abort_asked_ = true;
  if (hook_) hook_->cancel();
  server_->abort();
}

}  // namespace

int serve(const std::string& host, std::uint16_t port, const http::Router& router, ServeOptions options) {
  if (!options.server.log) {
    options.server.log = [](std::string_view line) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    };
  }
  return Service(host, port, router, std::move(options)).run();
}

}  // namespace antiphon::asio_style
