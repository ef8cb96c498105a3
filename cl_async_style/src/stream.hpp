#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "address.hpp"
#include "antiphon/cl_async_style/async_stream.hpp"
#include "antiphon/cl_async_style/events.hpp"
#include "antiphon/cl_async_style/socket.hpp"
#include "antiphon/flow_control.hpp"
#include "loop.hpp"
#include "stream_life.hpp"
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

/// A socket on libuv's TCP or pipe handle.
class stream final : public socket, public handle_owner {
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

  void write(std::span<const std::byte> data, bool force);
  void write_replacing(std::span<const std::byte> data, write_options options);
  void force_output() { flush(); }
  void close(bool force);
  void abort();
  void shutdown();
  void set_reading(bool on);
  void set_timeouts(std::optional<std::chrono::milliseconds> read,
                    std::optional<std::chrono::milliseconds> write);
  void set_marks(std::optional<std::size_t> high, std::optional<std::size_t> low);

  [[nodiscard]] bool closed() const noexcept { return stream_life::is_closed(life_); }
  [[nodiscard]] bool reading() const noexcept { return reading_ && !closed(); }
  [[nodiscard]] std::size_t buffered() const noexcept {
    if (life_ >= state::closed) return 0;
    const std::size_t queued = writing_ ? uv_stream_get_write_queue_size(&handle_.stream) : 0;
    return gathered_.size() + sent_early_ + queued + (tls_ ? tls_->gathered.size() : 0);
  }
  [[nodiscard]] const WaterMarks& marks() const noexcept { return settings_.marks; }
  [[nodiscard]] const std::string& peer_name();
  /// Null without TLS, and after the end.
  [[nodiscard]] const tls::Engine* engine() const noexcept { return tls_ ? &tls_->engine : nullptr; }
  [[nodiscard]] async_io_stream* async() noexcept { return async_ ? &*async_ : nullptr; }
  [[nodiscard]] std::shared_ptr<stream> self() {
    return std::static_pointer_cast<stream>(shared_from_this());
  }

  void close_at_exit() noexcept override;
  void tick() noexcept override;
  [[nodiscard]] bool draining() const noexcept override {
    return life_ == state::leaving || stream_life::is_draining(life_);
  }

 private:
  using state = stream_life::state;
  using input = stream_life::input;
  using action = stream_life::action;
  using sending = stream_life::sending;
  using sending_input = stream_life::sending_input;

  // stream.cpp: the steps of its life
  void step(input what) { stream_life::step(life_, what, *this); }
  friend void stream_life::step<stream>(state&, input, stream&);
  void carry_out(action what);
  void connected(int status);
  void fail(int number);
  void deliver(std::shared_ptr<const event_error> event);
  void leave();
  void send_gathered();
  void finish_sending();
  void end_sending();
  void drop_pending_input() noexcept;
  void close_handle();
  void call_close_cb();

  // stream_read.cpp
  void read_start();
  void read(ssize_t count, const char* octets);
  void end_of_octets(int status);
  void end_of_input();
  void deliver_octets(std::span<const std::byte> octets);

  // stream_write.cpp
  void gather(std::span<const std::byte> data) {
    std::string& to = tls_ ? tls_->gathered : gathered_;
    in().lend_buffer(to, data.size());
    to.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  [[nodiscard]] std::size_t send_early(std::span<const std::byte> data);
  void write_put_off();
  void gather_put_off();
  void queue_flush() {
    if (!std::exchange(flush_queued_, true)) in().next_tick(*this);
  }
  void flush();
  void written(int status);
  void failed(int status, unsigned requests);
  void sent(unsigned requests);
  void signal_flow(FlowSignal signal);

  void go_on_ending();
  /// Nothing that was written is still here.
  [[nodiscard]] bool nothing_gathered() const noexcept {
    return gathered_.empty() && sent_early_ == 0 && (!tls_ || tls_->gathered.empty());
  }

  // stream_tls.cpp
  [[nodiscard]] bool shaking() const noexcept { return tls_ && tls_->shaking(); }
  void read_sealed(std::span<const std::byte> octets);
  void after_reading_sealed();
  void start_shaking();
  bool shake_hands();
  void open_sealed();
  void resume_sealed();
  void end_of_sealed();
  void tls_failed();
  bool say_goodbye();

  // stream_timeouts.cpp
  void arm_read_timer(std::chrono::milliseconds wait);
  void arm_write_timer(std::chrono::milliseconds wait);
  void stop_timers() noexcept;

  template <typename Fn>
  bool guard(Fn&& fn) {
    return in().guard(callbacks_->event_cb, std::forward<Fn>(fn));
  }
  [[nodiscard]] int& counter() noexcept {
    return direction_ == direction::incoming ? in().incoming : in().outgoing;
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
  stream_settings settings_;
  std::string gathered_;        // of this tick, or waiting for the request in flight
  std::string in_flight_;       // owned by libuv while writing_
  std::size_t sent_early_ = 0;  // octets of this tick that the kernel has; as if they were gathered
  /// cl-async's write requests, of which write_cb (CL-108, CL-109) and streamish_canceled (CL-118) are told.
  /// The octets of several may go in one of libuv's.
  struct {
    unsigned gathered = 0;  // what gathered_ holds
    unsigned handed = 0;    // of those, the ones whose tick has come: upstream's are libuv's by now
    unsigned in_flight = 0;
    bool plain = false;      // this tick's writes without callbacks are counted
    bool replacing = false;  // this tick's writes with callbacks are
  } requests_;
  unsigned replacing_ = 0;  // writes whose callbacks wait for their tick
  struct late_write {
    std::string octets;
    bool force;
  };
  std::vector<late_write> put_off_;  // with upstream_quirks: what those write, until their tick (CL-107)
  int write_error_ = 0;              // of the first request that failed; told when its completion is
  state life_;
  sending sending_ = sending::open;
  kind kind_;
  direction direction_;
  bool reading_ = true;   // as the application wants it
  bool writing_ = false;  // libuv has a write
  bool flush_queued_ = false;
  std::optional<async_io_stream> async_;
  std::unique_ptr<tls_layer> tls_;
  std::string peer_name_;

  struct timeouts {
    std::chrono::milliseconds read{};
    std::chrono::milliseconds write{};
    std::uint64_t last_read = 0;
    std::uint64_t last_write = 0;
    std::shared_ptr<event> read_timer;
    std::shared_ptr<event> write_timer;
  };
  std::unique_ptr<timeouts> timeouts_;  // few sockets have any
};

}  // namespace antiphon::cl_async_style
