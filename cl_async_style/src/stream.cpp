#include "stream.hpp"

#include <array>
#include <utility>

namespace antiphon::cl_async_style {

namespace {

stream& of(void* data) noexcept {
  return *static_cast<stream*>(data);
}

uv_buf_t view(const std::string& octets, std::size_t from = 0) noexcept {
  // libuv's buffers are not const, but it only reads what it writes.
  return uv_buf_init(const_cast<char*>(octets.data()) + from, static_cast<unsigned>(octets.size() - from));
}

}  // namespace

stream::stream(loop& in, std::shared_ptr<const stream_callbacks> callbacks, WaterMarks marks,
               bool allow_half_open)
    : handle_owner(in), callbacks_(std::move(callbacks)), marks_(marks), allow_half_open_(allow_half_open) {
  uv_tcp_init(in.uv(), &tcp_);
  tcp_.data = this;
  write_request_.data = this;
  shutdown_request_.data = this;
  ++in.incoming;
}

void stream::connected() {
  if (callbacks_->connect_cb) guard([this] { callbacks_->connect_cb(*this); });
  started_ = true;
  if (reading()) {
    reading_ = false;
    set_reading(true);
  }
}

// Reading

void stream::set_reading(bool on) {
  const bool was = reading_;
  reading_ = on;
  if (phase_ != phase::open || !started_ || eof_ == eof::received || was == on) return;
  if (!on) {
    uv_read_stop(uv());
    return;
  }
  uv_read_start(
      uv(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        const std::span<char> input = of(handle->data).in().input();
        *buffer = uv_buf_init(input.data(), static_cast<unsigned>(input.size()));
      },
      [](uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
        of(handle->data).read(count, buffer->base);
      });
}

void stream::read(ssize_t count, const char* octets) {
  if (phase_ != phase::open || count == 0) return;
  if (count > 0) {
    if (timeouts_) timeouts_->last_read = uv_now(in().uv());
    if (callbacks_->read_cb)
      guard([&] {
        callbacks_->read_cb(*this, std::as_bytes(std::span(octets, static_cast<std::size_t>(count))));
      });
    return;
  }
  if (count != UV_EOF) {
    fail(static_cast<int>(count));
    return;
  }
  eof_ = eof::received;
  uv_read_stop(uv());
  deliver(detail::condition_factory::from_errno(UV_EOF, self()));
  // Upstream drops what is not sent yet (CL-146); here it is still sent.
  if (!allow_half_open_) close(false);
}

// Writing

std::size_t stream::buffered() const noexcept {
  if (phase_ == phase::closed || phase_ == phase::done) return 0;
  const std::size_t queued =
      writing_ ? uv_stream_get_write_queue_size(reinterpret_cast<const uv_stream_t*>(&tcp_)) : 0;
  return gathered_.size() + queued;
}

void stream::write(std::span<const std::byte> data, bool force) {
  if (phase_ != phase::open || sending_ != sending::open) return;
  in().lend_buffer(gathered_, data.size());
  gathered_.append(reinterpret_cast<const char*>(data.data()), data.size());
  if (force)
    flush();
  else
    queue_flush();
  if (phase_ == phase::open) signal_flow(marks_.added(buffered()));
}

void stream::write_replacing(std::span<const std::byte> data, write_options options) {
  if (phase_ != phase::open || sending_ != sending::open) return;
  // In the tick, before the flush: what is read until then still goes to the old ones (CL-106).
  in().next_tick([this, keep = self(), given = std::move(options)]() mutable {
    auto replaced = std::make_shared<stream_callbacks>(*callbacks_);
    if (given.read_cb) replaced->read_cb = std::move(given.read_cb);
    if (given.write_cb) replaced->write_cb = std::move(given.write_cb);
    if (given.event_cb) replaced->event_cb = std::move(given.event_cb);
    callbacks_ = std::move(replaced);
  });
  write(data, false);
}

void stream::queue_flush() {
  if (flush_queued_) return;
  flush_queued_ = true;
  in().next_tick(
      [this] {
        flush_queued_ = false;
        flush();
      },
      self());
}

void stream::flush() {
  if (writing_ || phase_ == phase::closing || phase_ == phase::closed || phase_ == phase::done) return;
  std::size_t sent = 0;
  if (!gathered_.empty()) {
    const uv_buf_t buffer = view(gathered_);
    const int count = uv_try_write(uv(), &buffer, 1);
    if (count < 0 && count != UV_EAGAIN) {
      fail(count);
      return;
    }
    sent = count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  if (timeouts_) timeouts_->last_write = uv_now(in().uv());
  if (sent == gathered_.size()) {
    in().take_back(gathered_);
    drained();
    return;
  }
  std::swap(in_flight_, gathered_);
  const uv_buf_t buffer = view(in_flight_, sent);
  const int error = uv_write(&write_request_, uv(), &buffer, 1,
                             [](uv_write_t* request, int status) { of(request->data).written(status); });
  if (error != 0) {
    fail(error);
    return;
  }
  writing_ = true;
}

void stream::written(int status) {
  writing_ = false;
  in().take_back(in_flight_);
  if (status == UV_ECANCELED) {  // by our own uv_close (CL-118)
    deliver(detail::condition_factory::from_errno(status, self()));
  } else if (status < 0) {
    fail(status);
  } else if (gathered_.empty()) {
    drained();
  } else {
    flush();
  }
}

/// All that was written has been taken by the kernel.
void stream::drained() {
  if (callbacks_->write_cb)
    in().next_tick([this] { guard([this] { callbacks_->write_cb(*this); }); }, self());
  if (sending_ == sending::ending || phase_ == phase::draining) end_sending();
  if (phase_ == phase::open) signal_flow(marks_.removed(buffered()));
}

void stream::signal_flow(FlowSignal signal) {
  if (signal == FlowSignal::none) return;
  const socket_callback& told =
      signal == FlowSignal::pause ? callbacks_->pause_write_cb : callbacks_->resume_write_cb;
  if (told) guard([&] { told(*this); });
}

void stream::set_marks(std::optional<std::size_t> high, std::optional<std::size_t> low) {
  signal_flow(marks_.set(high, low, buffered()));
}

// The end

void stream::shutdown() {
  if (phase_ != phase::open || sending_ != sending::open) return;
  sending_ = sending::ending;
  if (!writing_ && gathered_.empty()) end_sending();
}

void stream::end_sending() {
  if (sending_ == sending::ended) {
    if (phase_ == phase::draining) close_handle();
    return;
  }
  sending_ = sending::ended;
  const int error = uv_shutdown(&shutdown_request_, uv(), [](uv_shutdown_t* request, int) {
    stream& which = of(request->data);
    if (which.phase_ == phase::draining) which.close_handle();
  });
  if (error != 0 && phase_ == phase::draining) close_handle();  // CL-123
}

void stream::close(bool force) {
  if (phase_ != phase::open && !(force && phase_ == phase::draining)) return;
  if (phase_ == phase::open) {
    phase_ = phase::draining;
    uv_read_stop(uv());
    if (timeouts_ && timeouts_->read_timer && !event_freed_p(*timeouts_->read_timer))
      free_event(*timeouts_->read_timer);
  }
  if (force) {
    close_handle();
  } else if (!writing_) {
    if (gathered_.empty())
      end_sending();
    else
      flush();
  }
}

void stream::fail(int number) {
  if (phase_ != phase::open && phase_ != phase::draining) return;
  cause_ = detail::condition_factory::from_errno(number, self());
  deliver(cause_);
  phase_ = phase::draining;
  close_handle();
}

/// In the next tick, when the socket is closed already (CL-070); to the event_cb of now (CL-074).
void stream::deliver(std::shared_ptr<const event_error> event) {
  in().next_tick(
      [this, event = std::move(event)] {
        if (!callbacks_->event_cb) return;
        // An error of event_cb is not sent to it again (CL-036, CL-037).
        in().guard({}, [&] { callbacks_->event_cb(*event); });
      },
      self());
}

void stream::close_handle() {
  phase_ = phase::closing;
  gathered_.clear();
  if (timeouts_) {
    for (const auto& timer : {timeouts_->read_timer, timeouts_->write_timer})
      if (timer && !event_freed_p(*timer)) free_event(*timer);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) {
    stream& which = of(handle->data);
    which.phase_ = phase::closed;
    // Behind the events that are queued: close_cb is the last.
    which.in().next_tick([&which] { which.finish(); }, which.self());
  });
}

void stream::finish() {
  phase_ = phase::done;
  --in().incoming;
  if (callbacks_->close_cb) in().guard({}, [this] { callbacks_->close_cb(*this, cause_.get()); });
  // Both may hold this socket, and would keep it for ever.
  cause_.reset();
  callbacks_.reset();
  in().release(*this);
}

void stream::close_at_exit() noexcept {
  if (phase_ == phase::open || phase_ == phase::draining) close_handle();
}

// Timeouts

void stream::set_timeouts(std::optional<std::chrono::milliseconds> read,
                          std::optional<std::chrono::milliseconds> write) {
  using std::chrono::milliseconds;
  if (phase_ != phase::open) throw streamish_closed(-1, "set_socket_timeouts on a closed socket");
  if (!timeouts_) timeouts_ = std::make_unique<timeouts>();
  timeouts_->read = std::max(read.value_or(milliseconds(0)), milliseconds(0));
  timeouts_->write = std::max(write.value_or(milliseconds(0)), milliseconds(0));
  timeouts_->last_read = timeouts_->last_write = uv_now(in().uv());
  for (auto* timer : {&timeouts_->read_timer, &timeouts_->write_timer}) {
    if (*timer && !event_freed_p(**timer)) free_event(**timer);
    timer->reset();
  }
  if (timeouts_->read.count() > 0) arm_read_timer(timeouts_->read);
  if (timeouts_->write.count() > 0) arm_write_timer(timeouts_->write);
}

// Each timer is set once and, when it fires too early because something moved meanwhile, again for what is
// left: no timer is touched by a read or a write.

void stream::arm_read_timer(std::chrono::milliseconds wait) {
  timeouts_->read_timer = delay(
      [this] {
        const std::chrono::milliseconds idle(uv_now(in().uv()) - timeouts_->last_read);
        if (idle >= timeouts_->read)
          fail(UV_ETIMEDOUT);
        else
          arm_read_timer(timeouts_->read - idle);
      },
      {.time = wait});
}

void stream::arm_write_timer(std::chrono::milliseconds wait) {
  timeouts_->write_timer = delay(
      [this] {
        const std::chrono::milliseconds idle(uv_now(in().uv()) - timeouts_->last_write);
        if (buffered() > 0 && idle >= timeouts_->write)
          fail(UV_ETIMEDOUT);
        else
          arm_write_timer(buffered() > 0 ? timeouts_->write - idle : timeouts_->write);
      },
      {.time = wait});
}

const std::string& stream::peer_name() {
  if (peer_name_.empty() && (phase_ == phase::open || phase_ == phase::draining)) {
    sockaddr_storage address{};
    int size = sizeof(address);
    if (uv_tcp_getpeername(&tcp_, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      std::array<char, 64> text{};
      const auto* any = reinterpret_cast<const sockaddr*>(&address);
      uv_ip_name(any, text.data(), text.size());
      const bool v6 = address.ss_family == AF_INET6;
      const unsigned short port = v6 ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                                     : reinterpret_cast<const sockaddr_in*>(&address)->sin_port;
      peer_name_ = (v6 ? "[" + std::string(text.data()) + "]" : std::string(text.data())) + ":" +
                   std::to_string(ntohs(port));
    }
  }
  return peer_name_;
}

}  // namespace antiphon::cl_async_style
