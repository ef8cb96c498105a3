#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "antiphon/asio_style/http/http_server.hpp"

namespace antiphon::asio_style {

/// Something to do once in a server's life: a function of the loop, plain or a coroutine, which is then
/// waited for (SN-022).
class ServerHook {
 public:
  ServerHook() = default;
  template <class Fn>
  requires std::is_invocable_v<Fn&, EventLoop&> &&(!std::is_same_v<std::decay_t<Fn>, ServerHook>)
      ServerHook(Fn fn) {  // NOLINT(google-explicit-constructor): any function is one
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, EventLoop&>>) {
      run_ = [fn = std::move(fn)](EventLoop& loop) mutable -> Task<void> {
        fn(loop);
        co_return;
      };
    } else {
      run_ = std::move(fn);
    }
  }
  explicit operator bool() const noexcept { return run_ != nullptr; }
  /// The hook must outlive the task.
  Task<void> operator()(EventLoop& loop) const { return run_(loop); }

 private:
  std::function<Task<void>(EventLoop&)> run_;
};

struct ServeOptions {
  HttpServerOptions server{};                          ///< without a log, lines go to standard error
  std::chrono::milliseconds graceful_timeout{15'000};  ///< for answers under way when it is stopped (SN-024)
  bool handle_signals = true;  ///< SIGINT and SIGTERM stop it, a second one at once; main thread only
  /// When the address is bound, before the first connection is accepted. What it throws ends serve.
  ServerHook after_start{};
  /// When the stop was asked for, before draining. What it throws is logged.
  ServerHook before_stop{};
  std::function<void(std::uint16_t port)> on_listening{};
  /// Is handed, before on_listening, what stops the server from any thread, at any time, also after its end.
  /// Called again it aborts, as a second signal does.
  std::function<void(std::function<void()> stop)> on_stopper{};
};

/// A whole program's main: makes a loop, listens, serves until SIGINT, SIGTERM or its stopper, drains
/// (SN-020). Returns the exit status: 0, or 1 if it could not start, after one line to the log that says why
/// (SN-021). Prints nothing else.
int serve(const std::string& host, std::uint16_t port, const http::Router& router, ServeOptions options = {});

}  // namespace antiphon::asio_style
