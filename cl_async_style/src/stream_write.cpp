// What a socket is given to send: gathered to the end of the tick, handed to libuv, told of when it is gone.

#include <stdexcept>
#include <utility>

#include "stream.hpp"

namespace antiphon::cl_async_style {

namespace {

uv_buf_t view(const std::string& octets, std::size_t from) noexcept {
  // libuv's buffers are not const, but it only reads what it writes.
  return uv_buf_init(const_cast<char*>(octets.data()) + from, static_cast<unsigned>(octets.size() - from));
}

}  // namespace

/// Much data goes to the kernel from where it is, if nothing waits before it: a copy would cost more than a
/// system call. All that is told of it is told when its tick comes. Returns how much has gone.
std::size_t stream::send_early(std::span<const std::byte> data) {
  constexpr std::size_t much = 16384;
  if (data.size() < much || tls_ || writing_ || !gathered_.empty() || replacing_ > 0 ||
      !stream_life::is_open(life_) || uv_is_writable(uv()) == 0)
    return 0;
  const uv_buf_t buffer = uv_buf_init(const_cast<char*>(reinterpret_cast<const char*>(data.data())),
                                      static_cast<unsigned>(data.size()));
  const int count = uv_try_write(uv(), &buffer, 1);
  if (count <= 0) return 0;  // an error comes again
  sent_early_ += static_cast<std::size_t>(count);
  return static_cast<std::size_t>(count);
}

void stream::write(std::span<const std::byte> data, bool force) {
  if (closed() || sending_ != sending::open) return;
  gather(data.subspan(send_early(data)));
  if (life_ == state::connecting) return;  // all of it goes when the connection is made (CL-104)
  if (force || !in().buffer_writes) {
    ++requests_.gathered;
    flush();
  } else {
    if (!std::exchange(requests_.plain, true)) ++requests_.gathered;
    queue_flush();
  }
  if (!closed()) signal_flow(settings_.marks.added(buffered()));
}

void stream::write_replacing(std::span<const std::byte> data, write_options options) {
  if (async_ ? options.read_cb != nullptr : options.stream_read_cb != nullptr)
    throw std::invalid_argument(
        "read_cb is for sockets that are not in stream mode, stream_read_cb for those that are");
  if (closed() || sending_ != sending::open) return;
  const bool on_its_own = options.force || !in().buffer_writes;
  const bool overtaken = in().upstream_quirks();  // CL-107
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
  if (overtaken) return;
  gather(data);
  if (life_ == state::connecting) return;
  if (on_its_own || !std::exchange(requests_.replacing, true)) ++requests_.gathered;
  queue_flush();
  signal_flow(settings_.marks.added(buffered()));
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
    if (!std::exchange(requests_.replacing, true)) ++requests_.gathered;
  }
}

void stream::tick() noexcept {
  flush_queued_ = false;
  // What libuv refuses belongs to no socket's callback (CL-114).
  in().guard({}, [this] { flush(); });
  // What waits behind another request is one by now: the next tick's is a request of its own.
  requests_.plain = requests_.replacing = false;
}

/// To the kernel if it takes it, else to libuv. One request at a time: what is written meanwhile goes with
/// the next.
void stream::flush() {
  const bool tls_speaks = tls_ && tls_->has_output();
  if ((requests_.gathered == 0 && !tls_speaks) || !stream_life::is_connected(life_)) return;
  sent_early_ = 0;
  if (writing_) {
    requests_.handed = requests_.gathered;
    return;
  }
  if (uv_is_writable(uv()) == 0) {
    gathered_.clear();
    if (tls_) tls_->gathered.clear();
    requests_.gathered = requests_.handed = 0;
    detail::condition_factory::raise_of(UV_EPIPE, self());
  }
  unsigned requests = 0;
  if (!shaking()) {  // else what was written waits, and only TLS speaks
    requests = std::exchange(requests_.gathered, 0);
    requests_.handed = 0;
    requests_.plain = requests_.replacing = false;
  }
  if (tls_) tls_->seal(gathered_);
  if (requests == 0 && gathered_.empty()) return;
  std::size_t taken = 0;
  if (!gathered_.empty()) {
    const uv_buf_t buffer = view(gathered_, 0);
    const int count = uv_try_write(uv(), &buffer, 1);
    // An error is told when a request's completion would be, not from inside a write: below, libuv tries
    // again, fails again and calls back.
    if (count < 0 && count != UV_EAGAIN) write_error_ = count;
    taken = count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  if (timeouts_) timeouts_->last_write = uv_now(in().uv());
  if (taken == gathered_.size()) {
    in().take_back(gathered_);
    sent(requests);
    return;
  }
  std::swap(in_flight_, gathered_);
  requests_.in_flight = requests;
  const uv_buf_t buffer = view(in_flight_, taken);
  const int error = uv_write(&write_request_, uv(), &buffer, 1, [](uv_write_t* request, int status) {
    static_cast<stream*>(request->data)->written(status);
  });
  if (error != 0)
    fail(error);
  else
    writing_ = true;
}

void stream::written(int status) {
  writing_ = false;
  const unsigned requests = std::exchange(requests_.in_flight, 0);
  in().take_back(in_flight_);
  if (status < 0) {
    failed(status, requests);
    return;
  }
  write_error_ = 0;
  if (timeouts_) timeouts_->last_write = uv_now(in().uv());
  sent(requests);
}

/// The first request has its own error. Those behind it were given up with the socket (CL-118), or were made
/// when the connection was known to be gone (CL-076).
void stream::failed(int status, unsigned requests) {
  const int refused = std::exchange(write_error_, 0);
  requests += std::exchange(requests_.handed, 0);
  if (status != UV_ECANCELED) {
    const int number = refused != 0 ? refused : status;
    if (tls_ && tls_->broken && !stream_life::is_over(life_))
      abort();  // it was told already
    else if (!stream_life::is_over(life_))
      fail(number);
    else if (requests > 0)
      deliver(detail::condition_factory::from_errno(number, self()));
    if (requests > 0) --requests;  // none: only TLS spoke
  }
  const int rest = refused != 0 ? UV_EPIPE : UV_ECANCELED;
  for (unsigned i = 0; i < requests; ++i) deliver(detail::condition_factory::from_errno(rest, self()));
}

/// The kernel has taken all of these.
void stream::sent(unsigned requests) {
  if (requests > 0 && (callbacks_->write_cb || replacing_ > 0)) {
    auto told = [this, requests] {
      for (unsigned i = 0; i < requests && callbacks_->write_cb; ++i)
        guard([this] { callbacks_->write_cb(*this); });
    };
    // The write_cb that came with one of them is there with its tick.
    if (replacing_ > 0 && (!in().upstream_quirks() || closed()))
      in().next_tick(std::move(told), self());
    else
      in().completed(std::move(told), self());
  }
  // What waited behind them.
  if (requests_.handed > 0 || stream_life::is_draining(life_) || (tls_ && tls_->has_output())) flush();
  if (writing_) return;
  go_on_ending();
  if (settings_.marks.paused() && stream_life::is_open(life_))
    signal_flow(settings_.marks.removed(buffered()));
}

/// The FIN, when nothing is left to go before it.
void stream::go_on_ending() {
  if (writing_) return;
  if (shaking() && (stream_life::is_open(life_) || requests_.gathered > 0)) return;
  if ((sending_ == sending::ending && nothing_gathered()) || stream_life::is_draining(life_)) end_sending();
}

void stream::signal_flow(FlowSignal signal) {
  if (signal == FlowSignal::none) return;
  const socket_callback& told =
      signal == FlowSignal::pause ? callbacks_->pause_write_cb : callbacks_->resume_write_cb;
  if (told) guard([&] { told(*this); });
}

void stream::set_marks(std::optional<std::size_t> high, std::optional<std::size_t> low) {
  const FlowSignal signal = settings_.marks.set(high, low, buffered());
  if (stream_life::is_open(life_)) signal_flow(signal);
}

}  // namespace antiphon::cl_async_style
