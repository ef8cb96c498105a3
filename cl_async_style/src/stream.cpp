#include "stream.hpp"

#include <stdexcept>
#include <utility>

namespace antiphon::cl_async_style {

template class stream_core<stream>;

namespace {

stream& of(void* data) noexcept {
  return *static_cast<stream*>(data);
}

}  // namespace

stream::stream(loop& in, kind what, direction where, std::shared_ptr<const stream_callbacks> callbacks,
               const stream_settings& settings)
    : handle_owner(in),
      stream_core(where == direction::incoming ? state::greeting : state::connecting, settings.marks,
                  settings.allow_half_open),
      callbacks_(std::move(callbacks)),
      kind_(what),
      direction_(where),
      keep_input_(settings.keep_input),
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
  if (status == 0 && kind_ == kind::tcp) uv_tcp_nodelay(&handle_.tcp, 1);
  connect_ended(status);
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
  queue_.ask();
  flush();
}

// The application

void stream::write_replacing(std::span<const std::byte> data, write_options options) {
  if (async_ ? options.read_cb != nullptr : options.stream_read_cb != nullptr)
    throw std::invalid_argument(
        "read_cb is for sockets that are not in stream mode, stream_read_cb for those that are");
  if (!takes_writes()) return;
  const bool on_its_own = options.force || !gathers_writes();
  const bool overtaken = upstream_quirks();  // CL-107
  if (overtaken)
    put_off_.push_back({{reinterpret_cast<const char*>(data.data()), data.size()}, options.force});
  ++replacing_;
  // In the tick, before the data is written: what is read until then still goes to the old ones (CL-106).
  in().next_tick(
      [this, given = std::move(options)]() mutable {
        auto replaced = std::make_shared<stream_callbacks>(*callbacks_);
        if (given.read_cb) replaced->read_cb = std::move(given.read_cb);
        if (given.stream_read_cb) replaced->stream_read_cb = std::move(given.stream_read_cb);
        if (given.write_cb) replaced->write_cb = std::move(given.write_cb);
        if (given.event_cb) replaced->event_cb = std::move(given.event_cb);
        callbacks_ = std::move(replaced);
        --replacing_;
        write_put_off();
      },
      self());
  if (!overtaken) write_with_callbacks(data, on_its_own);
}

void stream::write_put_off() {
  if (put_off_.empty()) return;  // the usual case, or a close has sent it
  const late_write next = std::move(put_off_.front());
  put_off_.erase(put_off_.begin());
  write(std::as_bytes(std::span(next.octets)), next.force);
}

/// What is put off is not lost with a close, as it is upstream (CL-119).
void stream::gather_put_off() {
  for (const late_write& next : std::exchange(put_off_, {})) {
    gather(std::as_bytes(std::span(next.octets)));
    if (life_ == state::connecting) continue;  // the connection counts as one (CL-110)
    queue_.ask_once_in_tick(write_queue::kind::with_callbacks);
  }
}

void stream::close(bool force) {
  if (!closed()) {
    if (!force) gather_put_off();
  } else if (life_ != state::done && upstream_quirks() && counts_down()) {  // else the loop may be gone
    --counter();                                                            // CL-021
  }
  stream_core::close(force);
}

void stream::shutdown() {
  if (takes_writes()) gather_put_off();
  stream_core::shutdown();
}

// Who is told

void stream::deliver_octets(std::span<const std::byte> octets) {
  if (!async_) {
    if (callbacks_->read_cb) guard([&] { callbacks_->read_cb(*this, octets); });
    return;
  }
  if (!callbacks_->stream_read_cb) return;  // CL-188
  async_->append(octets);
  guard([&] { callbacks_->stream_read_cb(*this, *async_); });
  if (!keep_input_) async_->clear_input();
}

/// In the next tick, when the socket is closed already (CL-070); to the event_cb that it has now (CL-074).
void stream::deliver(std::shared_ptr<const event_error> event) {
  in().next_tick(
      [this, event = std::move(event), now = callbacks_] {
        if (!now->event_cb) return;
        // An error of event_cb is not sent to it again (CL-036, CL-037).
        in().guard({}, [&] { now->event_cb(*event); });
      },
      self());
}

void stream::tell_eof() {
  deliver(detail::condition_factory::from_errno(UV_EOF, self()));
}

void stream::set_cause(int error) {
  cause_ = detail::condition_factory::from_errno(error, self());
}

void stream::tell_failed(int error) {
  deliver(detail::condition_factory::from_errno(error, self()));
}

void stream::call_write_cb_soon(unsigned requests) {
  auto told = [this, requests] {
    for (unsigned i = 0; i < requests && callbacks_->write_cb; ++i)
      guard([this] { callbacks_->write_cb(*this); });
  };
  // The write_cb that came with one of them is there with its tick.
  if (replacing_ > 0 && (!upstream_quirks() || closed()))
    in().next_tick(std::move(told), self());
  else
    in().completed(std::move(told), self());
}

void stream::tell_flow(FlowSignal signal) {
  const socket_callback& told =
      signal == FlowSignal::pause ? callbacks_->pause_write_cb : callbacks_->resume_write_cb;
  if (told) guard([&] { told(*this); });
}

void stream::connect_cb() {
  if (callbacks_->connect_cb) guard([this] { callbacks_->connect_cb(*this); });
}

void stream::close_cb() {
  if (callbacks_->close_cb) in().guard({}, [this] { callbacks_->close_cb(*this, cause_.get()); });
  // Both may hold this socket, and would keep it for ever.
  cause_.reset();
  callbacks_.reset();
  tls_.reset();
  in().release(*this);
}

/// From here on the socket is closed for the application.
void stream::leave() noexcept {
  if (counts_down()) --counter();
  stop_timers();
}

void stream::refuse_output() {
  detail::condition_factory::raise_of(UV_EPIPE, self());
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
