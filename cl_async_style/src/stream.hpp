#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "antiphon/cl_async_style/events.hpp"
#include "antiphon/cl_async_style/socket.hpp"
#include "antiphon/flow_control.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {

/// What a listener hands to each of its connections: shared by all until a write replaces some for its socket
/// (CL-105).
struct stream_callbacks {
  read_callback read_cb;
  socket_callback write_cb;
  event_callback event_cb;
  socket_callback connect_cb;
  close_callback close_cb;
  socket_callback pause_write_cb;
  socket_callback resume_write_cb;
};

/// Where a socket is in its life. Each step is taken once, in this order, some left out:
///
///   open      reads and writes
///   draining  closed for the application; what was written is still being sent, then the FIN (CL-121)
///   closing   uv_close was called; libuv still holds the handle
///   closed    libuv has let go; close_cb is due
///   done      close_cb was called; only the application may still hold the object
enum class phase { open, draining, closing, closed, done };

/// A socket on libuv's TCP handle.
class stream final : public socket, public handle_owner {
 public:
  stream(loop& in, std::shared_ptr<const stream_callbacks> callbacks, WaterMarks marks, bool allow_half_open);

  [[nodiscard]] uv_stream_t* uv() noexcept { return reinterpret_cast<uv_stream_t*>(&tcp_); }
  /// libuv has accepted into the handle: connect_cb, then reading (CL-091).
  void connected();

  void write(std::span<const std::byte> data, bool force);
  void write_replacing(std::span<const std::byte> data, write_options options);
  void close(bool force);
  void shutdown();
  void set_reading(bool on);
  void set_timeouts(std::optional<std::chrono::milliseconds> read,
                    std::optional<std::chrono::milliseconds> write);
  void set_marks(std::optional<std::size_t> high, std::optional<std::size_t> low);

  [[nodiscard]] bool closed() const noexcept { return phase_ != phase::open; }
  [[nodiscard]] bool reading() const noexcept { return reading_ && phase_ == phase::open; }
  [[nodiscard]] std::size_t buffered() const noexcept;
  [[nodiscard]] const WaterMarks& marks() const noexcept { return marks_; }
  [[nodiscard]] const std::string& peer_name();

  void close_at_exit() noexcept override;

 private:
  enum class eof { none, received };
  enum class sending { open, ending, ended };  // ending: the FIN follows what is written

  void read(ssize_t count, const char* octets);
  void flush();
  void queue_flush();
  void written(int status);
  void drained();
  void end_sending();
  void fail(int number);
  void deliver(std::shared_ptr<const event_error> event);
  void close_handle();
  void finish();
  void signal_flow(FlowSignal signal);
  void arm_read_timer(std::chrono::milliseconds wait);
  void arm_write_timer(std::chrono::milliseconds wait);

  template <typename Fn>
  void guard(Fn&& fn) {
    in().guard(callbacks_->event_cb, std::forward<Fn>(fn));
  }
  [[nodiscard]] std::shared_ptr<stream> self() {
    return std::static_pointer_cast<stream>(shared_from_this());
  }

  uv_tcp_t tcp_{};
  uv_write_t write_request_{};
  uv_shutdown_t shutdown_request_{};
  std::shared_ptr<const stream_callbacks> callbacks_;
  std::shared_ptr<const event_error> cause_;
  std::string gathered_;   // of this tick, or waiting for the request in flight
  std::string in_flight_;  // owned by libuv while writing_
  WaterMarks marks_;
  phase phase_ = phase::open;
  eof eof_ = eof::none;
  sending sending_ = sending::open;
  bool reading_ = true;
  bool started_ = false;  // reading was started: after connect_cb
  bool writing_ = false;
  bool flush_queued_ = false;
  bool allow_half_open_;
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
