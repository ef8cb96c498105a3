#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style/event_loop.hpp"
#include "sigpipe.hpp"

namespace antiphon::cl_async_style {

class handle_owner;

class socket_server;

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
  /// The same, for what opens something new: while the loop is left that is refused, which ends the callback
  /// that tries. Otherwise a close_cb that connects again would go on for ever.
  static loop& to_open_in();

  int run(callback start_fn);
  /// From now on and to the end of the process; never 0.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  void stop() noexcept { uv_stop(&uv_); }
  /// `whose`: who takes it back with not_at_exit when it closes before.
  void at_exit(callback fn, const handle_owner* whose = nullptr) {
    exit_callbacks_.push_back({std::move(fn), whose});
  }
  void not_at_exit(const handle_owner& whose) noexcept {
    std::erase_if(exit_callbacks_, [&](const exit_callback& each) { return each.whose == &whose; });
  }

  /// Queues for the end of the tick, upstream's timer of 0 ms: writes, events and delays without a time share
  /// one queue, so that they keep the order in which they were asked for. It is run by a timer, among those
  /// that are due. What a tick itself queues is run by the idle handle: still before the sockets are polled,
  /// but never without polling them in between, whoever asks for himself again (CL-202).
  void next_tick(std::function<void()> fn, std::shared_ptr<void> keep = {});
  /// The same for the owner's own tick(), which costs no callback. It must outlive its tick.
  void next_tick(handle_owner& whose);
  /// What a request's completion is to call that the kernel has taken at once: as libuv calls it, when what
  /// is due by now has run, before the sockets are polled again; one from a socket's callback before the next
  /// tick.
  void completed(std::function<void()> fn, std::shared_ptr<void> keep = {});
  /// What libuv would call back now, it calls only when the sockets have been polled.
  [[nodiscard]] bool polled_next() const noexcept { return polled_next_; }
  /// libuv is polling, and calls back from there until it calls the check handle: if no timer is due until
  /// then and no handle is to be closed, nothing comes between, so that ticks need no timer to be run by.
  void polled() noexcept { polling_ = true; }

  /// Calls what the application gave; an exception goes where CL-031 says, never into libuv's C frames. False
  /// if there was one.
  template <typename Fn>
  bool guard(const event_callback& event_cb, Fn&& fn) noexcept {
    try {
      fn();
      return true;
    } catch (const std::exception& error) {
      application_error(error, std::current_exception(), event_cb);
    } catch (...) {
      application_error(event_error(0, "an exception that is no std::exception"), std::current_exception(),
                        event_cb);
    }
    return false;
  }
  /// For people: to warning_cb or stderr.
  void warn(std::string_view text) const noexcept;
  [[nodiscard]] bool has_warning_cb() const noexcept { return static_cast<bool>(options_.warning_cb); }

  /// Buffers for output go from socket to socket: an idle one is small, and a busy one need not ask the
  /// allocator.
  void lend_buffer(std::string& to, std::size_t size) {
    if (to.capacity() - to.size() < size) lend_larger_buffer(to, size);
  }
  void take_back(std::string& buffer) noexcept {
    buffer.clear();
    if (buffer.capacity() > kept_capacity) take_back_large(buffer);
  }

  void adopt(std::shared_ptr<handle_owner> owner);
  void release(handle_owner& owner) noexcept;

  [[nodiscard]] uv_loop_t* uv() noexcept { return &uv_; }
  [[nodiscard]] std::span<char> input() noexcept { return input_; }
  /// Room for one opened record of TLS (CL-249).
  [[nodiscard]] std::span<std::byte> opened() {
    constexpr std::size_t record = 16384;
    opened_.resize(record);
    return opened_;
  }
  [[nodiscard]] bool closing() const noexcept { return closing_; }
  [[nodiscard]] bool upstream_quirks() const noexcept { return options_.upstream_quirks; }
  [[nodiscard]] std::size_t handles() const noexcept { return owners_.size(); }

  bool buffer_writes = true;
  bool warned_of_position = false;  // of event_cb (CL-081), to warning_cb
  int incoming = 0;
  int outgoing = 0;
  int dns_queries = 0;
  std::map<int, std::shared_ptr<handle_owner>> signals;

 private:
  struct tick;

  void application_error(const std::exception& error, std::exception_ptr exception,
                         const event_callback& event_cb) noexcept;
  void wake_for_ticks();
  void polling_ended() noexcept;
  void run_ticks() noexcept;
  void run_ticks_of_ticks() noexcept;
  void run(std::vector<tick>& due) noexcept;
  [[nodiscard]] bool ticks_wait() const noexcept { return !ticks_.empty() || !completed_.empty(); }
  void lend_larger_buffer(std::string& to, std::size_t size);
  void take_back_large(std::string& buffer) noexcept;
  void close() noexcept;
  void close_owners() noexcept;
  [[nodiscard]] bool anybody_draining() const noexcept;

  static constexpr std::size_t kept_capacity = 1024;  // octets that a socket's empty buffer may keep

  struct tick {
    explicit tick(handle_owner& owner) noexcept : whose(&owner) {}
    tick(std::function<void()> what, std::shared_ptr<void> with) noexcept
        : fn(std::move(what)), keep(std::move(with)) {}
    handle_owner* whose = nullptr;  // none: `fn`
    std::function<void()> fn;
    std::shared_ptr<void> keep;
  };

  without_sigpipe quiet_;
  uv_loop_t uv_{};
  uv_timer_t ticker_{};
  uv_idle_t after_ticks_{};
  uv_check_t after_poll_{};
  event_loop_options options_;
  std::vector<tick> ticks_;
  std::vector<tick> completed_;
  std::vector<tick> running_ticks_;
  struct exit_callback {
    callback fn;
    const handle_owner* whose;
  };
  std::vector<exit_callback> exit_callbacks_;
  std::vector<std::shared_ptr<handle_owner>> owners_;
  std::exception_ptr error_;
  std::vector<std::string> spare_buffers_;
  std::vector<char> input_;
  std::vector<std::byte> opened_;  // empty until there is TLS
  std::uint64_t id_;
  bool in_tick_ = false;
  bool completed_last_time_ = false;
  bool polling_ = false;
  bool polled_next_ = false;
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
  /// It was closed by the application and still sends what was written before: worth a moment at exit.
  [[nodiscard]] virtual bool draining() const noexcept { return false; }
  /// What it has asked next_tick for.
  virtual void tick() noexcept {}

 protected:
  explicit handle_owner(loop& in) : loop_(&in) {}
  [[nodiscard]] loop& in() const noexcept { return *loop_; }

 private:
  friend class loop;
  loop* loop_;
  std::size_t place_ = 0;  // in the loop's list
};

/// A handle that is freed once: closed, and let go of when libuv has let go.
template <typename Handle>
class owned_handle : public handle_owner {
 public:
  void free() noexcept {
    if (std::exchange(freed_, true)) return;
    uv_close(uv(), [](uv_handle_t* handle) {
      auto& self = *static_cast<owned_handle*>(handle->data);
      self.forget_callbacks();
      self.in().release(self);
    });
  }
  [[nodiscard]] bool freed() const noexcept { return freed_; }
  void set_ref(bool on) noexcept {
    if (!freed_) on ? uv_ref(uv()) : uv_unref(uv());
  }
  void close_at_exit() noexcept override { free(); }

 protected:
  using handle_owner::handle_owner;
  /// They may hold this object, and would keep it for ever.
  virtual void forget_callbacks() noexcept = 0;

  /// After libuv's init of the handle, which must not have failed.
  void own(std::shared_ptr<handle_owner> self) {
    handle_.data = this;
    in().adopt(std::move(self));
  }
  [[nodiscard]] Handle* get() noexcept { return &handle_; }
  [[nodiscard]] uv_handle_t* uv() noexcept { return reinterpret_cast<uv_handle_t*>(&handle_); }
  /// In a callback of libuv's.
  template <typename Derived>
  [[nodiscard]] static Derived& of(const Handle* handle) noexcept {
    return static_cast<Derived&>(*static_cast<owned_handle*>(handle->data));
  }

 private:
  Handle handle_{};
  bool freed_ = false;
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
  /// Of nothing that is a socket; `about` names what it is.
  static std::shared_ptr<const event_error> unattached(int number, const std::string& about);
  /// The same, thrown to the caller (CL-072); `server` is the listener, if it is about one (CL-088).
  [[noreturn]] static void raise(int number, const std::string& about,
                                 const std::shared_ptr<socket_server>& server = {});
  /// Throws what an operation on a closed socket is (CL-056).
  [[noreturn]] static void raise_closed(const std::shared_ptr<socket>& of);
  /// Throws what belongs to a socket: to the caller of a write that libuv refuses (CL-114).
  [[noreturn]] static void raise_of(int number, const std::shared_ptr<socket>& of);
};

}  // namespace detail

}  // namespace antiphon::cl_async_style
