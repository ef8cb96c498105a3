#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "antiphon/flow_control.hpp"
#include "idle_limits.hpp"
#include "stream_life.hpp"
#include "write_queue.hpp"

namespace antiphon::cl_async_style {

/// Which of the two directions a time limit is for.
enum class limited { reading, writing };

/// All that a socket decides, and nothing that it does: when to read, what goes to the kernel in which tick,
/// what is told, when it ends. It knows neither libuv nor the loop; what it wants done it asks of Port, which
/// derives from it: the socket on libuv (stream), or a test's wire in memory under a clock moved by hand.
///
/// Errors are negative errno, as libuv's are. Port has:
///
///   the wire     start_reading() stop_reading() drop_pending() try_write(octets) -> how many, or an error
///                start_write(octets) -> error; write_ended() follows. in_flight() -> octets of it that are
///                left. send_fin() -> error; fin_sent() follows. writable() close_handle(); let_go() follows
///   the loop     queue_tick(); tick() follows. queue_end(); end_is_due() follows. now() lend_buffer(to,
///   size)
///                take_back(buffer) gathers_writes() upstream_quirks() set_timer(which, time);
///                timer_fired(which) follows. guarded(fn): fn, whose errors are the loop's
///   who is told  deliver(octets) end_of_octets() tell_eof() set_cause(error) tell_cause()
///                tell_failed(error) tell_written(requests) tell_flow(signal) connect_cb() close_cb() leave()
///                refuse_output() throws what a write gets that nobody takes (CL-114)
///   TLS          shaking() sealed_waits() broken() say_goodbye(): all false without TLS; plain_text(): null;
///                seal(to) start_shaking() reading_again(): nothing
template <typename Port>
class stream_core {
 public:
  stream_core(const stream_core&) = delete;
  stream_core& operator=(const stream_core&) = delete;

  // From the application
  void write(std::span<const std::byte> data, bool force);
  void force_output() { flush(); }
  void close(bool force);
  void abort() { step(input::abort); }
  void shutdown();
  void set_reading(bool on);
  void set_marks(std::optional<std::size_t> high, std::optional<std::size_t> low) {
    const FlowSignal signal = marks_.set(high, low, buffered());
    if (stream_life::is_open(life_)) tell(signal);
  }
  [[nodiscard]] bool closed() const noexcept { return stream_life::is_closed(life_); }
  [[nodiscard]] bool reading() const noexcept { return reading_ && !closed(); }
  [[nodiscard]] const WaterMarks& marks() const noexcept { return marks_; }
  /// Octets that were written and are not the kernel's yet.
  [[nodiscard]] std::size_t buffered() const noexcept {
    if (life_ >= state::closed) return 0;
    const std::string* plain = port().plain_text();
    return queue_.size() + (queue_.flying() ? port().in_flight() : 0) +
           (plain != nullptr ? plain->size() : 0);
  }

  // For stream_life::step
  void carry_out(stream_life::action what);

 protected:
  using state = stream_life::state;
  using input = stream_life::input;
  using sending = stream_life::sending;
  using sending_input = stream_life::sending_input;

  stream_core(state first, const WaterMarks& marks, bool allow_half_open)
      : marks_(marks), life_(first), allow_half_open_(allow_half_open) {}
  ~stream_core() = default;

  void step(input what) { stream_life::step(life_, what, *this); }

  // From the wire
  /// Connected, or not; a client's.
  void connect_ended(int status) {
    if (status != 0) {
      fail(status);
      return;
    }
    queue_.ask();  // what was written until now, if only nothing (CL-110)
    step(input::connected);
  }
  void came(std::span<const std::byte> octets);
  void input_ended();
  void input_failed(int error);
  void write_ended(int status);
  void fin_sent() {
    sending_ = stream_life::next(sending_, sending_input::fin_sent);
    if (stream_life::is_draining(life_)) step(input::drained);
  }
  void let_go() { step(input::let_go); }

  // From the loop
  void tick() {
    tick_queued_ = false;
    port().guarded([this] { flush(); });
    // What waits behind a flight is one request by now: the next tick's is another.
    queue_.tick_is_over();
  }
  void end_is_due() { step(input::told); }
  void timer_fired(limited which);

  // What Port may ask for besides
  void write_with_callbacks(std::span<const std::byte> data, bool on_its_own);
  void flush();
  void fail(int error);
  /// The octets have ended, and so has what was to be made of them.
  void end_of_input() {
    step(input::ended);
    // Upstream drops what is not sent yet (CL-146); here it is still sent.
    if (!allow_half_open_) port().close(false);
  }
  void go_on_ending();
  void limit_idleness(std::optional<std::chrono::milliseconds> read,
                      std::optional<std::chrono::milliseconds> write);
  void gather(std::span<const std::byte> data) {
    std::string* plain = port().plain_text();
    std::string& to = plain != nullptr ? *plain : queue_.gathered();
    port().lend_buffer(to, data.size());
    to.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  [[nodiscard]] bool takes_writes() const noexcept { return !closed() && sending_ == sending::open; }

  write_queue queue_;
  WaterMarks marks_;
  std::unique_ptr<idle_limits> limits_;  // few sockets have any
  unsigned replacing_ = 0;               // writes whose callbacks wait for their tick
  int refused_ = 0;  // the error of the first request that failed; told when its completion is
  state life_;
  sending sending_ = sending::open;
  bool allow_half_open_;
  bool reading_ = true;  // as the application wants it
  bool tick_queued_ = false;

 private:
  [[nodiscard]] Port& port() noexcept { return static_cast<Port&>(*this); }
  [[nodiscard]] const Port& port() const noexcept { return static_cast<const Port&>(*this); }
  [[nodiscard]] std::size_t send_early(std::span<const std::byte> data);
  void tell(FlowSignal signal) {
    if (signal != FlowSignal::none) port().tell_flow(signal);
  }
  void queue_tick() {
    if (!std::exchange(tick_queued_, true)) port().queue_tick();
  }
  [[nodiscard]] bool nothing_gathered() const noexcept {
    const std::string* const plain = port().plain_text();
    return queue_.nothing_gathered() && (plain == nullptr || plain->empty());
  }
  void drop_gathered() noexcept {
    queue_.drop_octets();
    if (std::string* plain = port().plain_text()) plain->clear();
  }
  void sent(unsigned requests);
  void write_failed(int status, unsigned requests);
  void send_gathered();
  void finish_sending();
  void end_sending();
};

// Its life

template <typename Port>
void stream_core<Port>::carry_out(stream_life::action what) {
  using stream_life::action;
  switch (what) {
    case action::none:
      return;
    case action::tell_cause:
      return port().tell_cause();
    case action::leave:
      return port().leave();
    case action::stop_reading:
      return port().stop_reading();
    case action::tell_eof:
      return port().tell_eof();
    case action::discard_input:
      return port().start_reading();  // if it reads already, or cannot, nothing happens
    case action::shake_hands:
      return port().start_shaking();
    case action::start_reading:
      if (reading_ || port().shaking()) port().start_reading();
      return;
    case action::connect_cb:
      return port().connect_cb();
    case action::send_gathered:
      return send_gathered();
    case action::finish_sending:
      return finish_sending();
    case action::drop_pending:
      return port().drop_pending();
    case action::close_handle:
      drop_gathered();
      return port().close_handle();
    case action::queue_end:
      return port().queue_end();
    case action::close_cb:
      return port().close_cb();
  }
}

template <typename Port>
void stream_core<Port>::close(bool force) {
  const bool cannot_send = stream_life::is_connecting(life_)
                               ? nothing_gathered()
                               : sending_ == sending::open && !port().writable();  // CL-123
  const bool now = (force || cannot_send) && !closed();                            // CL-124
  step(now ? input::abort : input::close);
}

template <typename Port>
void stream_core<Port>::fail(int error) {
  if (stream_life::is_over(life_)) return;
  port().set_cause(error);
  step(input::fail);
}

// Reading

template <typename Port>
void stream_core<Port>::set_reading(bool on) {
  const bool was = std::exchange(reading_, on);
  if (life_ != state::open || was == on) return;
  if (on) {
    port().start_reading();
    port().reading_again();
  } else if (!port().shaking()) {
    port().stop_reading();
  }
}

template <typename Port>
void stream_core<Port>::came(std::span<const std::byte> octets) {
  if (life_ == state::open) {
    // Nothing came: libuv says so after a read that filled the buffer (CL-142).
    if (octets.empty() && !port().upstream_quirks()) return;
    if (limits_) limits_->was_read(port().now());
    port().deliver(octets);
  } else if (life_ == state::draining && port().shaking() && !octets.empty()) {
    port().deliver(octets);  // something waits for the handshake
  }
}

template <typename Port>
void stream_core<Port>::input_ended() {
  if (life_ != state::draining)
    port().end_of_octets();
  else if (port().shaking() && queue_.requests() > 0)
    fail(-EPIPE);  // it will never be sent
  else
    step(input::ended);
}

template <typename Port>
void stream_core<Port>::input_failed(int error) {
  if (life_ == state::draining && !(port().shaking() && queue_.requests() > 0)) {
    if (queue_.flying_requests() == 0) {  // nobody waits for anything any more
      abort();
      return;
    }
    queue_.tell_one_less();  // its end is told now, not as streamish-canceled (CL-127)
  }
  fail(error);
}

// Writing

/// Much data goes to the kernel from where it is, if nothing waits before it: a copy would cost more than a
/// system call. All that is told of it is told when its tick comes. Returns how much has gone.
template <typename Port>
std::size_t stream_core<Port>::send_early(std::span<const std::byte> data) {
  constexpr std::size_t much = 16384;
  if (data.size() < much || port().plain_text() != nullptr || queue_.flying() || !queue_.gathered().empty() ||
      replacing_ > 0 || !stream_life::is_open(life_) || !port().writable() || port().upstream_quirks())
    return 0;
  const auto count = port().try_write({reinterpret_cast<const char*>(data.data()), data.size()});
  if (count <= 0) return 0;  // an error comes again
  queue_.went_early(static_cast<std::size_t>(count));
  return static_cast<std::size_t>(count);
}

template <typename Port>
void stream_core<Port>::write(std::span<const std::byte> data, bool force) {
  if (!takes_writes()) return;
  const bool at_once = force || !port().gathers_writes();
  std::optional<write_queue::aside> overtaken;  // CL-103
  if (at_once && life_ != state::connecting && port().upstream_quirks() && port().plain_text() == nullptr)
    overtaken = queue_.set_aside();
  gather(data.subspan(send_early(data)));
  if (life_ == state::connecting) return;  // all of it goes when the connection is made (CL-104)
  if (at_once) {
    queue_.ask();
    flush();
    if (overtaken) queue_.put_back(*overtaken);
  } else {
    queue_.ask_once_in_tick(write_queue::kind::plain);
    queue_tick();
  }
  if (!closed()) tell(marks_.added(buffered()));
}

template <typename Port>
void stream_core<Port>::write_with_callbacks(std::span<const std::byte> data, bool on_its_own) {
  gather(data);
  if (life_ == state::connecting) return;
  if (on_its_own)
    queue_.ask();
  else
    queue_.ask_once_in_tick(write_queue::kind::with_callbacks);
  queue_tick();
  tell(marks_.added(buffered()));
}

/// To the kernel if it takes it, else into flight. One flight at a time: what is written meanwhile goes with
/// the next.
template <typename Port>
void stream_core<Port>::flush() {
  if ((queue_.requests() == 0 && !port().sealed_waits()) || !stream_life::is_connected(life_)) return;
  queue_.early_ones_are_due();
  if (queue_.flying()) {
    queue_.wait_behind_flight();
    return;
  }
  // While hands are shaken what was written waits, and only TLS speaks.
  const unsigned requests = port().shaking() ? 0 : queue_.take_requests();
  std::string& octets = queue_.gathered();
  port().seal(octets);
  if (requests == 0 && octets.empty()) return;
  const auto count = octets.empty() ? 0 : port().try_write(octets);
  if ((count < 0 || octets.empty()) && !port().writable()) {
    drop_gathered();
    queue_.drop_requests();
    port().refuse_output();
  }
  // An error is told when a request's completion would be, not from inside a write: start_write sees to it.
  if (count < 0 && count != -EAGAIN) refused_ = static_cast<int>(count);
  const std::size_t taken = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (limits_) limits_->was_written(port().now());
  if (taken == octets.size()) {
    port().take_back(octets);
    sent(requests);
    return;
  }
  if (const int error = port().start_write(queue_.put_in_flight(taken, requests)); error != 0) {
    queue_.never_flew();
    fail(error);
  }
}

template <typename Port>
void stream_core<Port>::write_ended(int status) {
  const unsigned requests = queue_.landed();
  port().take_back(queue_.landed_octets());
  if (status < 0) {
    write_failed(status, requests);
    return;
  }
  refused_ = 0;
  if (limits_) limits_->was_written(port().now());
  sent(requests);
}

/// The first request has its own error. Those behind it were given up with the socket (CL-118), or were made
/// when the connection was known to be gone (CL-076).
template <typename Port>
void stream_core<Port>::write_failed(int status, unsigned requests) {
  const int refused = std::exchange(refused_, 0);
  requests += queue_.take_handed();
  if (status != -ECANCELED) {
    const int error = refused != 0 ? refused : status;
    if (!stream_life::is_over(life_) && port().broken())
      abort();  // it was told already
    else if (!stream_life::is_over(life_))
      fail(error);
    else if (requests > 0)
      port().tell_failed(error);
    if (requests > 0) --requests;  // none: only TLS spoke
  }
  const int rest = refused != 0 ? -EPIPE : -ECANCELED;
  for (unsigned i = 0; i < requests; ++i) port().tell_failed(rest);
}

/// The kernel has taken all of these.
template <typename Port>
void stream_core<Port>::sent(unsigned requests) {
  if (requests > 0) port().tell_written(requests);
  // What waited behind them.
  if (queue_.waits_behind_flight() || stream_life::is_draining(life_) || port().sealed_waits()) flush();
  if (queue_.flying()) return;
  go_on_ending();
  if (marks_.paused() && stream_life::is_open(life_)) tell(marks_.removed(buffered()));
}

/// Held back until now: nothing comes before connect_cb.
template <typename Port>
void stream_core<Port>::send_gathered() {
  if (stream_life::is_open(life_)) tell(marks_.added(buffered()));
  if (stream_life::is_connected(life_)) flush();
}

// The end of what we send

template <typename Port>
void stream_core<Port>::shutdown() {
  if (!takes_writes()) return;
  sending_ = stream_life::next(sending_, sending_input::shutdown);
  if (stream_life::is_open(life_) && !queue_.flying() && queue_.requests() == 0 && nothing_gathered() &&
      !port().shaking())
    end_sending();
}

template <typename Port>
void stream_core<Port>::finish_sending() {
  if (queue_.flying()) return;
  if (queue_.requests() == 0)
    end_sending();
  else
    flush();
}

/// The FIN, when nothing is left to go before it.
template <typename Port>
void stream_core<Port>::go_on_ending() {
  if (queue_.flying()) return;
  if (port().shaking() && (stream_life::is_open(life_) || queue_.requests() > 0)) return;
  if ((sending_ == sending::ending && nothing_gathered()) || stream_life::is_draining(life_)) end_sending();
}

/// Nothing is left to be sent. A socket that is closed need not ask for the FIN: its descriptor's close sends
/// it, too (CL-129).
template <typename Port>
void stream_core<Port>::end_sending() {
  if (sending_ == sending::shutting) return;
  if (sending_ != sending::ended && port().say_goodbye()) return;  // comes again when that has left
  if (stream_life::is_draining(life_)) {
    step(input::drained);
    return;
  }
  if (sending_ != sending::ending) return;
  sending_ = stream_life::next(sending_, sending_input::drained);
  if (port().send_fin() != 0) sending_ = stream_life::next(sending_, sending_input::fin_sent);
}

// Time limits

template <typename Port>
void stream_core<Port>::limit_idleness(std::optional<std::chrono::milliseconds> read,
                                       std::optional<std::chrono::milliseconds> write) {
  limits_ = std::make_unique<idle_limits>(read, write, port().now());
  if (limits_->read().count() > 0) port().set_timer(limited::reading, limits_->read());
  if (limits_->write().count() > 0) port().set_timer(limited::writing, limits_->write());
}

template <typename Port>
void stream_core<Port>::timer_fired(limited which) {
  const auto left = which == limited::reading ? limits_->read_left(port().now())
                                              : limits_->write_left(port().now(), buffered() > 0);
  // Upstream's timer of writing fires whatever was written (CL-158).
  if (!left || (which == limited::writing && port().upstream_quirks()))
    fail(-ETIMEDOUT);
  else
    port().set_timer(which, *left);
}

}  // namespace antiphon::cl_async_style
