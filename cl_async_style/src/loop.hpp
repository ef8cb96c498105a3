#pragma once

#include <uv.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style/event_loop.hpp"

namespace antiphon::cl_async_style {

class handle_owner;

/// One thread's loop: libuv's, the queue of ticks, and what catches the application's errors.
///
/// Lifetime of what libuv holds: a handle lives in an object that the loop keeps in `owners_` from its making
/// until libuv's close callback; only then may it be destroyed.
class loop {
 public:
  explicit loop(event_loop_options options);
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  ~loop();

  /// The one that runs in this thread; throws std::logic_error if none does (CL-009).
  static loop& current();
  static loop* current_or_null() noexcept;

  int run(callback start_fn);
  void stop() noexcept { uv_stop(&uv_); }
  void at_exit(callback fn) { exit_callbacks_.push_back(std::move(fn)); }

  /// Queues for the end of the tick, upstream's timer of 0 ms: writes, events and delays without a time share
  /// one queue, so that they keep the order in which they were asked for.
  void next_tick(std::function<void()> fn, std::shared_ptr<void> keep = {});

  /// Calls what the application gave; an exception goes where CL-031 says, never into libuv's C frames.
  template <typename Fn>
  void guard(const event_callback& event_cb, Fn&& fn) noexcept {
    try {
      fn();
    } catch (const std::exception& error) {
      application_error(error, std::current_exception(), event_cb);
    } catch (...) {
      application_error(event_error(0, "an exception that is no std::exception"), std::current_exception(),
                        event_cb);
    }
  }

  /// Buffers for output go from socket to socket: an idle one is small, and a busy one need not ask the
  /// allocator.
  void lend_buffer(std::string& to, std::size_t size);
  void take_back(std::string& buffer) noexcept;

  void adopt(std::shared_ptr<handle_owner> owner);
  void release(handle_owner& owner) noexcept;

  [[nodiscard]] uv_loop_t* uv() noexcept { return &uv_; }
  [[nodiscard]] std::span<char> input() noexcept { return input_; }
  [[nodiscard]] bool closing() const noexcept { return closing_; }

  std::size_t incoming = 0;
  std::size_t outgoing = 0;
  std::map<int, std::shared_ptr<handle_owner>> signals;

 private:
  void application_error(const std::exception& error, std::exception_ptr exception,
                         const event_callback& event_cb) noexcept;
  void run_ticks() noexcept;
  void close() noexcept;

  struct tick {
    std::function<void()> fn;
    std::shared_ptr<void> keep;
  };

  uv_loop_t uv_{};
  uv_timer_t ticker_{};
  event_loop_options options_;
  std::vector<tick> ticks_;
  std::vector<tick> running_ticks_;
  std::vector<callback> exit_callbacks_;
  std::vector<std::shared_ptr<handle_owner>> owners_;
  std::exception_ptr error_;
  std::vector<std::string> spare_buffers_;
  std::vector<char> input_;
  bool closing_ = false;
};

/// What owns a libuv handle.
class handle_owner {
 public:
  handle_owner(const handle_owner&) = delete;
  handle_owner& operator=(const handle_owner&) = delete;
  virtual ~handle_owner() = default;
  /// The loop ends: close the handle now, tell the application nothing but what it was promised.
  virtual void close_at_exit() noexcept = 0;

 protected:
  explicit handle_owner(loop& in) : loop_(&in) {}
  [[nodiscard]] loop& in() const noexcept { return *loop_; }

 private:
  friend class loop;
  loop* loop_;
  std::size_t place_ = 0;  // in the loop's list
};

namespace detail {

/// Makes conditions, by type or by libuv's error number (CL-060).
struct condition_factory {
  template <typename Condition>
  static std::shared_ptr<Condition> make(const std::shared_ptr<socket>& of, int code = 0,
                                         std::string message = {}) {
    auto condition = std::make_shared<Condition>(code, std::move(message));
    static_cast<streamish_info&>(*condition).socket_ = of;
    return condition;
  }
  /// With a socket known.
  static std::shared_ptr<const event_error> from_errno(int number, const std::shared_ptr<socket>& of);
  /// Throws what belongs to a listener or to nothing; `what` stands before the system's text.
  [[noreturn]] static void raise(int number, const std::string& what);
};

}  // namespace detail

}  // namespace antiphon::cl_async_style
