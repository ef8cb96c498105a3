#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "address.hpp"
#include "antiphon/cl_async_style/async_stream.hpp"
#include "antiphon/cl_async_style/events.hpp"
#include "antiphon/cl_async_style/socket.hpp"
#include "antiphon/flow_control.hpp"
#include "loop.hpp"
#include "stream_core.hpp"
#include "tls_layer.hpp"

namespace antiphon::cl_async_style {

/// What a listener hands to each of its connections: shared by all until a write replaces some for its socket
/// (CL-105).
struct stream_callbacks {
  read_callback read_cb;
  stream_read_callback stream_read_cb;  // in stream mode, instead of read_cb
  socket_callback write_cb;
  event_callback event_cb;
  socket_callback connect_cb;
  close_callback close_cb;
  socket_callback pause_write_cb;
  socket_callback resume_write_cb;
};

struct stream_settings {
  WaterMarks marks;
  bool allow_half_open = false;
  bool stream_mode = false;
  bool keep_input = true;  // stream mode: what read_cb leaves stays (CL-149)
  std::shared_ptr<const tls_settings> tls{};
};

/// A socket on libuv's TCP or pipe handle: does what stream_core decides.
class stream final : public socket, public handle_owner, public stream_core<stream> {
 public:
  enum class kind { tcp, pipe };
  enum class direction { incoming, outgoing };

  stream(loop& in, kind what, direction where, std::shared_ptr<const stream_callbacks> callbacks,
         const stream_settings& settings);

  [[nodiscard]] uv_stream_t* uv() noexcept { return &handle_.stream; }
  [[nodiscard]] uv_pipe_t* uv_pipe() noexcept { return &handle_.pipe; }

  /// libuv has accepted into the handle: connect_cb, then reading (CL-091).
  void accepted();
  /// libuv could not: closed, and nobody is told (CL-095).
  void refuse() noexcept;
  /// Starts to connect; what fails at once is told like what fails later (CL-176).
  void connect(const socket_address& where);
  void connect_pipe(const std::string& name);
  /// The name could not be looked up: event_cb now, then closed (CL-174).
  void not_resolved(const std::exception& event);
  /// libuv has connected it to a child (CL-232): reading if it can be read, and writing.
  void attached();

  void write_replacing(std::span<const std::byte> data, write_options options);
  void close(bool force);
  void shutdown();
  void set_timeouts(std::optional<std::chrono::milliseconds> read,
                    std::optional<std::chrono::milliseconds> write);

  [[nodiscard]] const std::string& peer_name();
  /// Null without TLS, and after the end.
  [[nodiscard]] const tls::Engine* engine() const noexcept { return tls_ ? &tls_->engine : nullptr; }
  [[nodiscard]] async_io_stream* async() noexcept { return async_ ? &*async_ : nullptr; }
  [[nodiscard]] std::shared_ptr<stream> self() {
    return std::static_pointer_cast<stream>(shared_from_this());
  }

  void close_at_exit() noexcept override { abort(); }
  void tick() noexcept override { stream_core::tick(); }
  [[nodiscard]] bool draining() const noexcept override {
    return life_ == state::leaving || stream_life::is_draining(life_);
  }

 private:
  // What stream_core asks for.
  friend class stream_core<stream>;

  // The wire: stream_wire.cpp
  void start_reading();
  void stop_reading() noexcept { uv_read_stop(uv()); }
  void drop_pending() noexcept;
  [[nodiscard]] ssize_t try_write(std::string_view octets) {
    const uv_buf_t buffer = view(octets);
    return uv_try_write(uv(), &buffer, 1);
  }
  [[nodiscard]] int start_write(std::string_view octets);
  [[nodiscard]] std::size_t in_flight() const noexcept {
    return uv_stream_get_write_queue_size(&handle_.stream);
  }
  [[nodiscard]] bool writable() const noexcept { return uv_is_writable(&handle_.stream) != 0; }
  [[nodiscard]] int send_fin();
  void close_handle();

  // The loop
  void queue_tick() { in().next_tick(*this); }
  void queue_end() {
    in().next_tick([this] { end_is_due(); }, self());
  }
  [[nodiscard]] std::chrono::milliseconds now() const noexcept {
    return std::chrono::milliseconds(uv_now(in().uv()));
  }
  void lend_buffer(std::string& to, std::size_t size) { in().lend_buffer(to, size); }
  void take_back(std::string& buffer) noexcept { in().take_back(buffer); }
  [[nodiscard]] bool gathers_writes() const noexcept { return in().buffer_writes; }
  [[nodiscard]] bool upstream_quirks() const noexcept { return in().upstream_quirks(); }
  void set_timer(limited which, std::chrono::milliseconds time);
  /// What libuv refuses belongs to no socket's callback (CL-114).
  template <typename Fn>
  void guarded(Fn&& fn) {
    in().guard({}, std::forward<Fn>(fn));
  }

  // Who is told: stream.cpp
  void deliver(std::span<const std::byte> octets) { tls_ ? read_sealed(octets) : deliver_octets(octets); }
  void end_of_octets() { tls_ ? end_of_sealed() : end_of_input(); }
  void tell_eof();
  void set_cause(int error);
  void tell_cause() { deliver(cause_); }
  void tell_failed(int error);
  void tell_written(unsigned requests) {
    if (callbacks_->write_cb || replacing_ > 0) call_write_cb_soon(requests);
  }
  void tell_flow(FlowSignal signal);
  void connect_cb();
  void close_cb();
  void leave() noexcept;
  [[noreturn]] void refuse_output();

  // TLS: stream_tls.cpp
  [[nodiscard]] bool shaking() const noexcept { return tls_ && tls_->shaking(); }
  [[nodiscard]] bool sealed_waits() const noexcept { return tls_ && tls_->has_output(); }
  [[nodiscard]] bool broken() const noexcept { return tls_ && tls_->broken; }
  [[nodiscard]] std::string* plain_text() const noexcept { return tls_ ? &tls_->gathered : nullptr; }
  void seal(std::string& to) {
    if (tls_) tls_->seal(to);
  }
  void start_shaking();
  [[nodiscard]] bool say_goodbye();
  void reading_again() {
    if (tls_) resume_sealed();
  }

  // Its own
  [[nodiscard]] static uv_buf_t view(std::string_view octets) noexcept {
    // libuv's buffers are not const, but it only reads what it writes.
    return uv_buf_init(const_cast<char*>(octets.data()), static_cast<unsigned>(octets.size()));
  }
  void connected(int status);
  void deliver(std::shared_ptr<const event_error> event);
  void write_put_off();
  void gather_put_off();
  void call_write_cb_soon(unsigned requests);
  void deliver_octets(std::span<const std::byte> octets);
  void read_sealed(std::span<const std::byte> octets);
  void after_reading_sealed();
  bool shake_hands();
  void open_sealed();
  void resume_sealed();
  void end_of_sealed();
  void tls_failed();
  void stop_timers() noexcept;

  template <typename Fn>
  bool guard(Fn&& fn) {
    return in().guard(callbacks_->event_cb, std::forward<Fn>(fn));
  }
  [[nodiscard]] int& counter() noexcept {
    return direction_ == direction::incoming ? in().incoming : in().outgoing;
  }
  /// Upstream forgets to, of a pipe's client and of one with TLS (CL-021).
  [[nodiscard]] bool counts_down() const noexcept {
    return !upstream_quirks() || !(tls_ || (kind_ == kind::pipe && direction_ == direction::outgoing));
  }

  union {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle_{};
  uv_write_t write_request_{};
  union {  // one after the other
    uv_connect_t connect;
    uv_shutdown_t shutdown;
  } request_{};
  std::shared_ptr<const stream_callbacks> callbacks_;
  std::shared_ptr<const event_error> cause_;
  struct late_write {
    std::string octets;
    bool force;
  };
  std::vector<late_write> put_off_;  // with upstream_quirks: writes with callbacks, until their tick (CL-107)
  kind kind_;
  direction direction_;
  bool keep_input_;
  std::optional<async_io_stream> async_;
  std::unique_ptr<tls_layer> tls_;
  std::string peer_name_;

  struct timers {
    std::shared_ptr<event> read;
    std::shared_ptr<event> write;
  };
  std::unique_ptr<timers> timers_;  // few sockets have any
};

extern template class stream_core<stream>;

}  // namespace antiphon::cl_async_style
