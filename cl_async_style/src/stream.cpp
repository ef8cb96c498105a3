#include "stream.hpp"

#include <sys/socket.h>

#include <array>
#include <utility>

namespace antiphon::cl_async_style {

namespace {

stream& of(void* data) noexcept {
  return *static_cast<stream*>(data);
}

}  // namespace

stream::stream(loop& in, kind what, direction where, std::shared_ptr<const stream_callbacks> callbacks,
               const stream_settings& settings)
    : handle_owner(in),
      callbacks_(std::move(callbacks)),
      settings_(settings),
      phase_(where == direction::incoming ? phase::open : phase::connecting),
      kind_(what),
      direction_(where),
      tls_(settings.tls ? std::make_unique<tls_layer>(settings.tls) : nullptr) {
  if (what == kind::tcp)
    uv_tcp_init(in.uv(), &handle_.tcp);
  else
    uv_pipe_init(in.uv(), &handle_.pipe, 0);
  handle_.any.data = this;
  write_request_.data = this;
  if (settings.stream_mode) async_.emplace(*this);
  ++counter();
}

// The connection

void stream::accepted() {
  if (kind_ == kind::tcp) uv_tcp_nodelay(&handle_.tcp, 1);  // a gathered write has nothing to wait for
  bool went_well = true;
  if (callbacks_->connect_cb) went_well = guard([this] { callbacks_->connect_cb(*this); });
  if (!went_well && in().upstream_quirks()) return;  // CL-035: the connection is never read
  start_reading();
}

void stream::refuse() noexcept {
  callbacks_ = std::make_shared<const stream_callbacks>();
  abort();
}

void stream::connect(const socket_address& where) {
  if (phase_ != phase::connecting && phase_ != phase::leaving) return;  // closed while the name was looked up
  request_.connect.data = this;
  const int error =
      uv_tcp_connect(&request_.connect, &handle_.tcp, where.get(),
                     [](uv_connect_t* request, int status) { of(request->data).connected(status); });
  if (error != 0) in().next_tick([this, error] { connected(error); }, self());
}

void stream::connect_pipe(const std::string& name) {
  request_.connect.data = this;
  // Its own errors come through the callback, too.
  uv_pipe_connect(&request_.connect, &handle_.pipe, name.c_str(),
                  [](uv_connect_t* request, int status) { of(request->data).connected(status); });
}

void stream::connected(int status) {
  if (phase_ != phase::connecting && phase_ != phase::leaving) return;  // closed by force meanwhile (CL-173)
  if (status != 0) {
    fail(status);
    return;
  }
  if (kind_ == kind::tcp) uv_tcp_nodelay(&handle_.tcp, 1);
  ++requests_.gathered;  // what was written until now, if only nothing (CL-110)
  if (phase_ == phase::leaving) {
    phase_ = phase::draining;
    discard_input();
    if (tls_) shake_hands();
    flush();
    return;
  }
  phase_ = phase::open;
  if (tls_) shake_hands();  // makes its hello
  if (phase_ != phase::open) {  // it could not
    after_reading_sealed();
    return;
  }
  start_reading();
  if (callbacks_->connect_cb) guard([this] { callbacks_->connect_cb(*this); });
  // Held back until now: nothing comes before connect_cb.
  if (phase_ == phase::open) signal_flow(settings_.marks.added(buffered()));
  if (phase_ == phase::open) flush();
}

void stream::not_resolved(const std::exception& event) {
  if (phase_ != phase::connecting && phase_ != phase::leaving) return;
  if (callbacks_->event_cb) in().guard({}, [&] { callbacks_->event_cb(event); });
  if (const auto* unknown = condition_cast<dns_error>(event))
    cause_ = std::make_shared<dns_error>(*unknown);
  else if (const auto* error = condition_cast<event_error>(event))
    cause_ = std::make_shared<event_error>(*error);
  abort();
}

void stream::attached() {
  if (phase_ == phase::connecting) phase_ = phase::open;
  if (uv_is_readable(uv()) != 0) start_reading();
  if (uv_is_writable(uv()) == 0) return;
  ++requests_.gathered;
  flush();
}

// Reading

void stream::start_reading() {
  started_ = true;
  if (!closed() && (reading_ || shaking())) read_start();
}

void stream::set_reading(bool on) {
  const bool was = reading_;
  reading_ = on;
  if (phase_ != phase::open || !started_ || eof_ == eof::received || was == on) return;
  if (on) {
    read_start();
    if (tls_) resume_sealed();
  } else if (!shaking()) {
    uv_read_stop(uv());
  }
}

void stream::read_start() {
  uv_read_start(
      uv(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        const std::span<char> input = of(handle->data).in().input();
        *buffer = uv_buf_init(input.data(), static_cast<unsigned>(input.size()));
      },
      [](uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
        stream& which = of(handle->data);
        which.in().polled();
        which.read(count, buffer->base);
      });
}

/// For a socket that drains.
void stream::discard_input() {
  if (eof_ == eof::received || uv_is_readable(uv()) == 0) return;
  if (!started_ || !reading_) read_start();
}

void stream::read(ssize_t count, const char* octets) {
  if (phase_ == phase::draining && shaking() && count > 0) {  // something waits for the handshake
    read_sealed(std::as_bytes(std::span(octets, static_cast<std::size_t>(count))));
    return;
  }
  if (phase_ == phase::draining && count < 0) {
    uv_read_stop(uv());
    if (shaking() && requests_.gathered > 0) {  // it will never be sent
      fail(count == UV_EOF ? UV_EPIPE : static_cast<int>(count));
      return;
    }
    if (count == UV_EOF) return;
    if (requests_.in_flight == 0) {  // nobody waits for anything any more
      close_handle();
      return;
    }
    --requests_.in_flight;  // its end is told now, not as streamish-canceled (CL-127)
    fail(static_cast<int>(count));
  }
  if (phase_ != phase::open) return;
  if (count >= 0) {
    // Nothing came: libuv says so after a read that filled the buffer (CL-142).
    if (count == 0 && !in().upstream_quirks()) return;
    if (timeouts_) timeouts_->last_read = uv_now(in().uv());
    const auto came = std::as_bytes(std::span(octets, static_cast<std::size_t>(count)));
    if (tls_)
      read_sealed(came);
    else
      deliver_octets(came);
    return;
  }
  if (count != UV_EOF) {
    fail(static_cast<int>(count));
    return;
  }
  if (tls_)
    end_of_sealed();
  else
    end_of_input();
}

void stream::end_of_input() {
  eof_ = eof::received;
  uv_read_stop(uv());
  deliver(detail::condition_factory::from_errno(UV_EOF, self()));
  // Upstream drops what is not sent yet (CL-146); here it is still sent.
  if (!settings_.allow_half_open) close(false);
}

void stream::deliver_octets(std::span<const std::byte> octets) {
  if (!async_) {
    if (callbacks_->read_cb) guard([&] { callbacks_->read_cb(*this, octets); });
    return;
  }
  if (!callbacks_->stream_read_cb) return;  // CL-188
  async_->append(octets);
  guard([&] { callbacks_->stream_read_cb(*this, *async_); });
  if (!settings_.keep_input) async_->clear_input();
}

// The end

/// From here on the socket is closed for the application.
void stream::leave() {
  --counter();
  stop_timers();
}

void stream::close(bool force) {
  if (closed()) {  // CL-124
    // Not after close_cb: the loop may be gone.
    if (phase_ != phase::done && in().upstream_quirks()) --counter();  // CL-021
    return;
  }
  const bool cannot_send =
      phase_ == phase::open && sending_ == sending::open && uv_is_writable(uv()) == 0;  // CL-123
  if (force || cannot_send) {
    abort();
    return;
  }
  const bool was_connecting = phase_ == phase::connecting;
  leave();
  if (was_connecting) {
    phase_ = phase::leaving;
    if (nothing_gathered()) close_handle();
    return;
  }
  phase_ = phase::draining;
  discard_input();
  if (writing_) return;
  // What the tick would have handed over is handed over now (CL-121).
  if (requests_.gathered == 0)
    end_sending();
  else
    flush();
}

void stream::abort() {
  if (!closed()) leave();
  if (phase_ <= phase::draining) close_handle();
}

void stream::shutdown() {
  if (closed() || sending_ != sending::open) return;
  sending_ = sending::ending;
  if (phase_ == phase::open && !writing_ && requests_.gathered == 0 && nothing_gathered() && !shaking())
    end_sending();
}

/// The FIN; the descriptor of a socket that is closed follows at once (CL-129).
void stream::end_sending() {
  if (sending_ == sending::shutting) return;
  if (sending_ == sending::ended) {
    if (phase_ == phase::draining) close_handle();
    return;
  }
  if (say_goodbye()) return;
  if (phase_ == phase::draining) {  // the descriptor's close sends the FIN
    if (eof_ != eof::received) drop_pending_input();
    sending_ = sending::ended;
    close_handle();
    return;
  }
  sending_ = sending::shutting;
  request_.shutdown.data = this;
  const int error = uv_shutdown(&request_.shutdown, uv(), [](uv_shutdown_t* request, int) {
    stream& which = of(request->data);
    which.sending_ = sending::ended;
    if (which.phase_ == phase::draining) which.close_handle();
  });
  if (error != 0) sending_ = sending::ended;
}

/// Over unread input the descriptor's close would be a reset, which takes from the peer what it has not read.
void stream::drop_pending_input() noexcept {
  uv_os_fd_t fd = -1;
  if (uv_fileno(&handle_.any, &fd) != 0) return;
  std::array<char, 4096> dropped;
  for (int rounds = 256; rounds > 0; --rounds)  // who sends faster than that gets the reset
    if (::recv(fd, dropped.data(), dropped.size(), MSG_DONTWAIT) <= 0) return;
}

void stream::fail(int number) {
  if (phase_ > phase::draining) return;
  cause_ = detail::condition_factory::from_errno(number, self());
  deliver(cause_);
  abort();
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
  sent_early_ = 0;
  if (tls_) tls_->gathered.clear();
  stop_timers();
  uv_close(&handle_.any, [](uv_handle_t* handle) {
    stream& which = of(handle->data);
    which.phase_ = phase::closed;
    // Behind the events that are queued: close_cb is the last.
    which.in().next_tick([&which] { which.finish(); }, which.self());
  });
}

void stream::finish() {
  phase_ = phase::done;
  if (callbacks_->close_cb) in().guard({}, [this] { callbacks_->close_cb(*this, cause_.get()); });
  // Both may hold this socket, and would keep it for ever.
  cause_.reset();
  callbacks_.reset();
  tls_.reset();
  settings_.tls.reset();
  in().release(*this);
}

void stream::close_at_exit() noexcept {
  abort();
}

const std::string& stream::peer_name() {
  if (kind_ == kind::tcp && peer_name_.empty() && (phase_ == phase::open || phase_ == phase::draining)) {
    sockaddr_storage address{};
    int size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (uv_tcp_getpeername(&handle_.tcp, any, &size) == 0)
      peer_name_ = with_port(text_of(*any), port_of(*any));
  }
  return peer_name_;
}

}  // namespace antiphon::cl_async_style
