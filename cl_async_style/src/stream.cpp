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
      life_(where == direction::incoming ? state::greeting : state::connecting),
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
  step(input::greeted);
}

void stream::refuse() noexcept {
  callbacks_ = std::make_shared<const stream_callbacks>();
  abort();
}

void stream::connect(const socket_address& where) {
  if (!stream_life::is_connecting(life_)) return;  // closed while the name was looked up
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
  if (status != 0) {
    fail(status);
    return;
  }
  if (kind_ == kind::tcp) uv_tcp_nodelay(&handle_.tcp, 1);
  ++requests_.gathered;  // what was written until now, if only nothing (CL-110)
  step(input::connected);
}

void stream::not_resolved(const std::exception& event) {
  if (!stream_life::is_connecting(life_)) return;
  if (callbacks_->event_cb) in().guard({}, [&] { callbacks_->event_cb(event); });
  if (const auto* unknown = condition_cast<dns_error>(event))
    cause_ = std::make_shared<dns_error>(*unknown);
  else if (const auto* error = condition_cast<event_error>(event))
    cause_ = std::make_shared<event_error>(*error);
  abort();
}

void stream::attached() {
  step(input::attached);
  if (uv_is_readable(uv()) != 0) step(input::greeted);
  if (uv_is_writable(uv()) == 0) return;
  ++requests_.gathered;
  flush();
}

// What the application and the system want of it

void stream::close(bool force) {
  if (closed()) {  // CL-124
    // Not after close_cb: the loop may be gone.
    if (life_ != state::done && in().upstream_quirks()) --counter();  // CL-021
    return;
  }
  if (!force) gather_put_off();
  const bool cannot_send = stream_life::is_connecting(life_)
                               ? nothing_gathered()
                               : sending_ == sending::open && uv_is_writable(uv()) == 0;  // CL-123
  step(force || cannot_send ? input::abort : input::close);
}

void stream::abort() {
  step(input::abort);
}

void stream::shutdown() {
  if (closed() || sending_ != sending::open) return;
  gather_put_off();
  sending_ = stream_life::next(sending_, sending_input::shutdown);
  if (stream_life::is_open(life_) && !writing_ && requests_.gathered == 0 && nothing_gathered() && !shaking())
    end_sending();
}

void stream::fail(int number) {
  if (stream_life::is_over(life_)) return;
  cause_ = detail::condition_factory::from_errno(number, self());
  step(input::fail);
}

void stream::close_at_exit() noexcept {
  abort();
}

// What is done about it

void stream::carry_out(action what) {
  switch (what) {
    case action::none:
      return;
    case action::tell_cause:
      return deliver(cause_);
    case action::leave:
      return leave();
    case action::stop_reading:
      uv_read_stop(uv());
      return;
    case action::tell_eof:
      return deliver(detail::condition_factory::from_errno(UV_EOF, self()));
    case action::discard_input:
      return read_start();  // if it reads already, or cannot, nothing happens
    case action::shake_hands:
      return start_shaking();
    case action::start_reading:
      if (reading_ || shaking()) read_start();
      return;
    case action::connect_cb:
      if (callbacks_->connect_cb) guard([this] { callbacks_->connect_cb(*this); });
      return;
    case action::send_gathered:
      return send_gathered();
    case action::finish_sending:
      return finish_sending();
    case action::drop_pending:
      return drop_pending_input();
    case action::close_handle:
      return close_handle();
    case action::queue_end:
      return in().next_tick([this] { step(input::told); }, self());
    case action::close_cb:
      return call_close_cb();
  }
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

void stream::leave() {
  --counter();
  stop_timers();
}

/// Held back until now: nothing comes before connect_cb.
void stream::send_gathered() {
  if (stream_life::is_open(life_)) signal_flow(settings_.marks.added(buffered()));
  if (stream_life::is_connected(life_)) flush();
}

void stream::finish_sending() {
  if (writing_) return;
  if (requests_.gathered == 0)
    end_sending();
  else
    flush();
}

/// Nothing is left to be sent. The FIN; a socket that is closed need not ask for it, since its descriptor's
/// close sends it, too (CL-129).
void stream::end_sending() {
  if (sending_ == sending::shutting) return;
  if (sending_ != sending::ended && say_goodbye()) return;
  if (stream_life::is_draining(life_)) {
    step(input::drained);
    return;
  }
  if (sending_ != sending::ending) return;
  sending_ = stream_life::next(sending_, sending_input::drained);
  request_.shutdown.data = this;
  const auto sent = [](uv_shutdown_t* request, int) {
    stream& which = of(request->data);
    which.sending_ = stream_life::next(which.sending_, sending_input::fin_sent);
    if (stream_life::is_draining(which.life_)) which.step(input::drained);
  };
  if (uv_shutdown(&request_.shutdown, uv(), sent) != 0)
    sending_ = stream_life::next(sending_, sending_input::fin_sent);
}

/// Over unread input the descriptor's close would be a reset, which takes from the peer what it has not read.
void stream::drop_pending_input() noexcept {
  uv_os_fd_t fd = -1;
  if (uv_fileno(&handle_.any, &fd) != 0) return;
  std::array<char, 4096> dropped;
  for (int rounds = 256; rounds > 0; --rounds)  // who sends faster than that gets the reset
    if (::recv(fd, dropped.data(), dropped.size(), MSG_DONTWAIT) <= 0) return;
}

void stream::close_handle() {
  gathered_.clear();
  sent_early_ = 0;
  if (tls_) tls_->gathered.clear();
  uv_close(&handle_.any, [](uv_handle_t* handle) { of(handle->data).step(input::let_go); });
}

void stream::call_close_cb() {
  if (callbacks_->close_cb) in().guard({}, [this] { callbacks_->close_cb(*this, cause_.get()); });
  // Both may hold this socket, and would keep it for ever.
  cause_.reset();
  callbacks_.reset();
  tls_.reset();
  settings_.tls.reset();
  in().release(*this);
}

const std::string& stream::peer_name() {
  if (kind_ == kind::tcp && peer_name_.empty() && stream_life::is_connected(life_)) {
    sockaddr_storage address{};
    int size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (uv_tcp_getpeername(&handle_.tcp, any, &size) == 0)
      peer_name_ = with_port(text_of(*any), port_of(*any));
  }
  return peer_name_;
}

}  // namespace antiphon::cl_async_style
