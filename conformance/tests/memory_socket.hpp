#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "stream_core.hpp"
#include "trace.hpp"

namespace antiphon::conformance {

/// A socket of cl_async_style without libuv: what decides is the product's own stream_core, what it decides
/// is done by a wire in memory, a queue of ticks and a clock that is moved by hand. One turn of the loop is
/// turn(). What is told is written down as the kit's events.
class MemorySocket : public cl_async_style::stream_core<MemorySocket> {
 public:
  using milliseconds = std::chrono::milliseconds;
  enum class Origin { accepted, connecting };
  /// What the application does in a callback of a kind, the first time.
  struct Reaction {
    std::string to;
    std::function<void(MemorySocket&)> fn;
  };

  explicit MemorySocket(Origin origin, bool allow_half_open = false, Reaction reaction = {})
      : stream_core(origin == Origin::accepted ? state::greeting : state::connecting,
                    WaterMarks(std::size_t{50}, std::size_t{10}), allow_half_open),
        reaction_(std::move(reaction)) {}

  // The application, but for what stream_core has
  void send(std::size_t octets, bool force = false) {
    const std::string piece = stream_of_letters(written.size(), octets);
    if (takes_writes()) written += piece;
    write(std::as_bytes(std::span(piece)), force);
  }
  void give_up(bool even_a_graceful_close) {
    gave_up = true;
    even_a_graceful_close ? abort() : close(true);
  }
  void set_timeouts(std::optional<milliseconds> reading_limit, std::optional<milliseconds> writing_limit) {
    limit_idleness(reading_limit, writing_limit);
  }

  // The peer and the network
  /// connect_cb of a server's, or the result of a client's attempt.
  void accept() {
    connect_cb();
    step(input::greeted);
  }
  void connect(int status) { connect_ended(status); }
  [[nodiscard]] bool connecting() const { return cl_async_style::stream_life::is_connecting(life_); }
  void peer_sends(std::size_t octets) {
    if (peer_ended_ || peer_reset_) return;
    const std::string piece = stream_of_letters(sent.size(), octets);
    sent += piece;
    incoming_ += piece;
  }
  void peer_ends() { peer_ended_ = true; }
  void peer_resets() {
    peer_reset_ = gave_up = true;
    incoming_.clear();
    wire_.clear();
  }
  void widen_the_wire() { capacity_ = 1'000'000; }
  void peer_reads() {
    read += wire_;
    wire_.clear();
  }

  // The loop
  void advance(milliseconds by) { now_ += by; }
  /// Timers, ticks, octets out and in, closed handles: in libuv's order.
  void turn() {
    if (over()) return;
    run_timers();
    std::deque<std::function<void()>> due;
    std::swap(due, ticks_);
    for (const auto& each : due) each();
    poll();
    if (std::exchange(handle_closing_, false)) {
      if (std::exchange(flight_, std::nullopt)) write_ended(-ECANCELED);
      if (fin_asked_ && !std::exchange(fin_on_wire, true)) fin_sent();
      let_go();
    }
  }
  [[nodiscard]] bool over() const { return life_ == state::done; }

  Trace trace;
  std::string written;   ///< by the application, while it could
  std::string read;      ///< by the peer
  std::string sent;      ///< by the peer
  std::string received;  ///< in read_cb
  bool fin_on_wire = false;
  bool gave_up = false;       ///< somebody: what was written may be lost
  unsigned told_written = 0;  ///< write_cb's

 private:
  friend class cl_async_style::stream_core<MemorySocket>;

  static std::string stream_of_letters(std::size_t from, std::size_t size) {
    std::string made(size, ' ');
    for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<char>('a' + (from + i) % 26);
    return made;
  }

  // The wire
  void start_reading() noexcept { reads_ = true; }
  void stop_reading() noexcept { reads_ = false; }
  void drop_pending() noexcept { incoming_.clear(); }
  [[nodiscard]] long try_write(std::string_view octets) {
    if (fin_asked_) return -EPIPE;
    if (peer_reset_) return -ECONNRESET;
    const std::size_t taken = std::min(octets.size(), capacity_ - wire_.size());
    wire_ += octets.substr(0, taken);
    return taken == 0 ? -EAGAIN : static_cast<long>(taken);
  }
  [[nodiscard]] int start_write(std::string_view octets) {
    flight_ = octets;
    return 0;
  }
  [[nodiscard]] std::size_t in_flight() const { return flight_ ? flight_->size() : 0; }
  [[nodiscard]] bool writable() const noexcept { return !fin_asked_; }
  [[nodiscard]] int send_fin() noexcept {
    fin_asked_ = true;
    return 0;
  }
  void close_handle() {
    handle_closing_ = true;
    reads_ = false;
  }

  // The loop
  void queue_tick() {
    ticks_.emplace_back([this] { tick(); });
  }
  void queue_end() {
    ticks_.emplace_back([this] { end_is_due(); });
  }
  [[nodiscard]] milliseconds now() const noexcept { return now_; }
  void lend_buffer(std::string&, std::size_t) {}
  void take_back(std::string& buffer) noexcept { buffer.clear(); }
  [[nodiscard]] bool gathers_writes() const noexcept { return true; }
  [[nodiscard]] bool upstream_quirks() const noexcept { return false; }
  void set_timer(cl_async_style::limited which, milliseconds time) { timer(which) = now_ + time; }
  template <typename Fn>
  void guarded(Fn&& fn) {
    std::forward<Fn>(fn)();
  }

  // Who is told
  void deliver(std::span<const std::byte> octets) {
    if (!reading()) throw std::logic_error("read_cb of a socket that is not read");
    received.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    tell("DR", {{"bytes", octets.size()}});
  }
  void end_of_octets() { end_of_input(); }
  void tell_eof() {
    ticks_.emplace_back([this] { tell("ER"); });
  }
  void set_cause(int error) { cause_ = error; }
  void tell_cause() { gave_up = true; }
  void tell_failed(int error) {
    ticks_.emplace_back([this, error] {
      tell("EV", {{"kind", error == -ECANCELED ? "streamish-canceled" : "error"}});
    });
  }
  void tell_written(unsigned requests) { told_written += requests; }
  void tell_flow(FlowSignal signal) {
    tell(signal == FlowSignal::pause ? "PW" : "RW", {{"buffered", buffered()}});
  }
  void connect_cb() { tell("CM"); }
  void close_cb() {
    tell("CL", {{"cause", cause_ == 0             ? "none"
                          : cause_ == -ECONNRESET ? "reset"
                          : cause_ == -EPIPE      ? "broken-pipe"
                          : cause_ == -ETIMEDOUT  ? "timeout"
                                                  : "error"}});
  }
  void leave() noexcept {
    read_timer_.reset();
    write_timer_.reset();
  }
  void refuse_output() { throw std::runtime_error("broken pipe"); }

  // No TLS
  [[nodiscard]] bool shaking() const noexcept { return false; }
  [[nodiscard]] bool sealed_waits() const noexcept { return false; }
  [[nodiscard]] bool broken() const noexcept { return false; }
  [[nodiscard]] bool say_goodbye() const noexcept { return false; }
  [[nodiscard]] std::string* plain_text() const noexcept { return nullptr; }
  void seal(std::string&) {}
  void start_shaking() {}
  void reading_again() {}

  [[nodiscard]] std::optional<milliseconds>& timer(cl_async_style::limited which) {
    return which == cl_async_style::limited::reading ? read_timer_ : write_timer_;
  }
  void run_timers() {
    for (const auto which : {cl_async_style::limited::reading, cl_async_style::limited::writing})
      if (timer(which) && *timer(which) <= now_) {
        timer(which).reset();
        timer_fired(which);
      }
  }
  void poll() {
    if (flight_ && peer_reset_) {
      flight_.reset();
      write_ended(-ECONNRESET);
    } else if (flight_) {
      const long taken = std::max(try_write(*flight_), 0L);
      flight_->remove_prefix(static_cast<std::size_t>(taken));
      if (flight_->empty()) {
        flight_.reset();
        write_ended(0);
      }
    }
    if (fin_asked_ && !fin_on_wire && !flight_) {
      fin_on_wire = true;
      fin_sent();
    }
    if (reads_ && peer_reset_) {
      reads_ = false;
      input_failed(-ECONNRESET);
    } else if (reads_ && !incoming_.empty()) {
      const std::string came_in = std::exchange(incoming_, {});
      came(std::as_bytes(std::span(came_in)));
    } else if (reads_ && peer_ended_) {
      input_ended();
    }
  }
  void tell(const char* kind, Json fields = Json::object()) {
    trace.push_back({kind, 0, static_cast<int>(trace.size()), std::move(fields)});
    if (reaction_.to != kind || !reaction_.fn) return;
    const auto fn = std::exchange(reaction_.fn, nullptr);
    fn(*this);
  }

  Reaction reaction_;
  std::deque<std::function<void()>> ticks_;
  std::size_t capacity_ = 100;  // octets on the wire
  std::string wire_;            // towards the peer
  std::string incoming_;        // from it
  std::optional<std::string_view> flight_;
  std::optional<milliseconds> read_timer_;
  std::optional<milliseconds> write_timer_;
  milliseconds now_{1'000'000};
  int cause_ = 0;
  bool reads_ = false;
  bool fin_asked_ = false;
  bool peer_ended_ = false;
  bool peer_reset_ = false;
  bool handle_closing_ = false;
};

}  // namespace antiphon::conformance
