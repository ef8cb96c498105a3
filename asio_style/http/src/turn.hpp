#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/handle.hpp"
#include "antiphon/http/body_plan.hpp"
#include "antiphon/http/exchange.hpp"
#include "antiphon/http/parser.hpp"
#include "antiphon/http/request.hpp"
#include "antiphon/http/response_writer.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::asio_style::detail {

/// Calls `fn` and returns what it threw, but for the two exceptions that leave the loop (AS-212).
template <class Fn>
std::exception_ptr attempt(Fn&& fn) {
  try {
    fn();
  } catch (const SystemExit&) {
    throw;
  } catch (const KeyboardInterrupt&) {
    throw;
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

/// A callback of the handler that may be called many times. While it runs it may replace or clear itself.
template <class Fn>
class CallbackSlot {
 public:
  void set(Fn fn) {
    fn_ = std::move(fn);
    ++version_;
  }
  void clear() {
    ++version_;
    if (fn_) fn_ = nullptr;
  }
  explicit operator bool() const noexcept { return fn_ != nullptr; }

  template <class... Args>
  std::exception_ptr call(Args&&... args) {
    Fn running = std::exchange(fn_, nullptr);
    const unsigned version = version_;
    auto failure = attempt([&] { running(std::forward<Args>(args)...); });
    if (version == version_) fn_ = std::move(running);
    return failure;
  }

 private:
  Fn fn_;
  unsigned version_ = 0;
};

/// What a connection needs only while it has a request: lent by the server, so that idle ones stay small and
/// busy ones find warm memory. Where connections are few they keep it from request to request.
struct Turn {
  explicit Turn(http::DateCache& date) : writer(date) {}

  using Taking = http::BodyPlan::Taking;
  /// Octets that a buffer of an idle connection may hold.
  static constexpr std::size_t light_at_most = 4 * 1024;

  http::Request request;
  std::optional<http::RequestParser> parser;  // made at the first lending
  http::ResponseWriter writer;
  http::Router::Match match;

  CallbackSlot<http::Exchange::Callback> on_writable;
  CallbackSlot<http::Exchange::BodyCallback> on_body;
  http::Exchange::Callback on_cancel;
  std::list<TimerHandle> timers;
  bool has_callbacks = false;  // the handler registered one of these, be it over
  Handle wake;

  std::string ahead;           // octets that came too early
  std::size_t ahead_used = 0;  // of these, parsed
  // Octets of answers, sent together at the end of the callback. Lent, too, and returned when sent if it is
  // large.
  std::unique_ptr<std::string> out;

  std::span<const std::byte> piece;  // of the body, as the parser told it
  http::BodyPlan plan;
  std::chrono::steady_clock::time_point began;  // if somebody wants to know
  bool parser_holds = false;  // the parser was paused: feed it, even nothing, and it has more to tell
  bool mid_line = false;      // it has swallowed octets that are no message yet: empty lines between requests
  bool last_told = false;     // on_body has had its last call

  /// Nothing of the handler's is called from here on.
  void drop_callbacks() {
    if (!has_callbacks) return;  // nearly always
    has_callbacks = false;
    on_writable.clear();
    on_body.clear();
    on_cancel = nullptr;
    for (TimerHandle& timer : timers) timer.cancel();
    timers.clear();
  }

  /// What it holds is little enough to be kept while nothing happens.
  [[nodiscard]] bool light() const noexcept {
    return request.body().size() <= light_at_most && ahead.capacity() <= light_at_most;
  }

  /// For the next request on the same connection.
  void next() noexcept { parser_holds = mid_line = last_told = false; }
  /// For the next connection.
  void clear() {
    next();
    out.reset();
    ahead_used = 0;
    ahead.clear();
    if (ahead.capacity() > keep_at_most) std::string().swap(ahead);  // an assignment would keep the memory
    if (!request.body().empty()) request.clear();                    // else when its next one begins
    piece = {};
  }

 private:
  static constexpr std::size_t keep_at_most = 64 * 1024;
};

}  // namespace antiphon::asio_style::detail
