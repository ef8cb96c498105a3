#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

/// The life of one socket, as data: no libuv, no descriptor, no time.
///
/// A socket keeps one `state` and one `sending` and moves them only with step() and next(). The rows say all
/// that can happen; `unmoved` names what is heard and changes nothing; anything else cannot happen, and
/// step() asserts that it does not. Two facts are no states because they combine with several: whether the
/// application wants to read, and whether a write is in the kernel's hands.
namespace antiphon::cl_async_style::stream_life {

/// The order counts: what a state permits is a range (below).
enum class state : std::uint8_t {
  leaving,      ///< closed for the application while connecting; still connects, to send what it has (CL-133)
  connecting,   ///< a client's: writes are gathered, nothing else happens yet (CL-104)
  greeting,     ///< connected and not read yet: connect_cb is not over (CL-091). A child's input stays here
  open,         ///< reads and writes
  half_closed,  ///< the peer has no more to send; we may
  /// Closed for the application; what was written is still sent, then the FIN (CL-121). What the peer sends
  /// meanwhile is read and dropped: a descriptor that is closed over unread input makes the kernel reset the
  /// connection, and forget what it has not sent yet.
  draining,
  flushing,  ///< the same, with nothing left to read
  closing,   ///< the handle is being closed; libuv still holds it
  closed,    ///< libuv has let go; close_cb is due
  done,      ///< close_cb was called; only the application may still hold the object
};
inline constexpr std::size_t states = 10;

enum class input : std::uint8_t {
  attached,    ///< a pipe was given to a child (CL-232)
  connected,   ///< a client's connection is made
  greeted,     ///< connect_cb has returned
  ended,       ///< the peer's end of data, of TCP or of TLS
  close,       ///< the application: when all is sent (CL-121)
  abort,       ///< the application, or the loop's end: now (CL-122)
  fail,        ///< an error that event_cb is told of (CL-070)
  tls_broken,  ///< the same of TLS: there is an alert to be sent (CL-244)
  drained,     ///< of a closed one, nothing is left to be sent
  let_go,      ///< libuv holds the handle no more
  told,        ///< the tick of close_cb has come
};
inline constexpr std::size_t inputs = 11;

/// What a step has done, in this order.
enum class action : std::uint16_t {
  none = 0,
  tell_cause = 1 << 0,      ///< event_cb gets the error, in the next tick (CL-070)
  leave = 1 << 1,           ///< no socket of the application's any more: counters, time limits
  stop_reading = 1 << 2,    //
  tell_eof = 1 << 3,        ///< event_cb gets socket_eof, in the next tick (CL-145)
  discard_input = 1 << 4,   ///< reading goes on or begins, for nobody
  shake_hands = 1 << 5,     ///< a client's hello
  start_reading = 1 << 6,   ///< unless the application does not want to
  connect_cb = 1 << 7,      //
  send_gathered = 1 << 8,   ///< what waited for the connection (CL-104)
  finish_sending = 1 << 9,  ///< what waited for the tick goes now (CL-121); if nothing did, it is the end
  drop_pending = 1 << 10,   ///< what has come and was not read
  close_handle = 1 << 11,   //
  queue_end = 1 << 12,      ///< close_cb, behind the events that are queued
  close_cb = 1 << 13,
};
[[nodiscard]] constexpr action operator|(action a, action b) noexcept {
  return static_cast<action>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool has(action all, action one) noexcept {
  return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

struct row {
  state from;
  input in;
  state to;
  action does;
};

inline constexpr std::array rows = [] {
  using enum action;
  using s = state;
  using i = input;
  return std::array{
      row{s::leaving, i::connected, s::draining, discard_input | shake_hands | send_gathered},  // CL-133
      row{s::leaving, i::abort, s::closing, close_handle},
      row{s::leaving, i::fail, s::closing, tell_cause | close_handle},

      row{s::connecting, i::attached, s::greeting, none},
      row{s::connecting, i::connected, s::open, shake_hands | start_reading | connect_cb | send_gathered},
      row{s::connecting, i::close, s::leaving, leave},                             // with something to send
      row{s::connecting, i::abort, s::closing, leave | close_handle},              // CL-173
      row{s::connecting, i::fail, s::closing, tell_cause | leave | close_handle},  // CL-172, CL-176

      row{s::greeting, i::greeted, s::open, start_reading},  // CL-091
      row{s::greeting, i::close, s::draining, leave | discard_input | finish_sending},
      row{s::greeting, i::abort, s::closing, leave | close_handle},
      row{s::greeting, i::fail, s::closing, tell_cause | leave | close_handle},

      row{s::open, i::ended, s::half_closed, stop_reading | tell_eof},              // CL-145
      row{s::open, i::close, s::draining, leave | discard_input | finish_sending},  // CL-121
      row{s::open, i::abort, s::closing, leave | close_handle},                     // CL-122
      row{s::open, i::fail, s::closing, tell_cause | leave | close_handle},         // CL-070
      row{s::open, i::tls_broken, s::draining, leave | discard_input},              // CL-244

      row{s::half_closed, i::close, s::flushing, leave | finish_sending},  // CL-146
      row{s::half_closed, i::abort, s::closing, leave | close_handle},
      row{s::half_closed, i::fail, s::closing, tell_cause | leave | close_handle},
      row{s::half_closed, i::tls_broken, s::flushing, leave},

      row{s::draining, i::ended, s::flushing, stop_reading},
      row{s::draining, i::drained, s::closing, drop_pending | close_handle},  // CL-129
      row{s::draining, i::abort, s::closing, close_handle},
      row{s::draining, i::fail, s::closing, tell_cause | close_handle},  // CL-127

      row{s::flushing, i::drained, s::closing, close_handle},
      row{s::flushing, i::abort, s::closing, close_handle},
      row{s::flushing, i::fail, s::closing, tell_cause | close_handle},

      row{s::closing, i::let_go, s::closed, queue_end},
      row{s::closed, i::told, s::done, close_cb},
  };
}();

/// Heard, and nothing comes of it.
struct unmoved_by {
  input in;
  state in_state;
};
inline constexpr std::array unmoved = [] {
  using s = state;
  using i = input;
  return std::array{
      // connect_cb has closed it.
      unmoved_by{i::greeted, s::draining}, unmoved_by{i::greeted, s::closing},
      // A second close, forced or not (CL-124).
      unmoved_by{i::close, s::leaving}, unmoved_by{i::close, s::draining}, unmoved_by{i::close, s::flushing},
      unmoved_by{i::close, s::closing}, unmoved_by{i::close, s::closed}, unmoved_by{i::close, s::done},
      // An end is an end; libuv cancels what was under way (CL-118, CL-173).
      unmoved_by{i::abort, s::closing}, unmoved_by{i::abort, s::closed}, unmoved_by{i::abort, s::done},
      unmoved_by{i::fail, s::closing}, unmoved_by{i::fail, s::closed}, unmoved_by{i::fail, s::done},
      // It was to end, and now ends with an alert.
      unmoved_by{i::tls_broken, s::draining}, unmoved_by{i::tls_broken, s::flushing}};
}();

// What a state permits.

/// Closed for the application (CL-120).
[[nodiscard]] constexpr bool is_closed(state in) noexcept {
  return in < state::connecting || in > state::half_closed;
}
[[nodiscard]] constexpr bool is_connecting(state in) noexcept {
  return in <= state::connecting;
}
/// Connected, and the application's.
[[nodiscard]] constexpr bool is_open(state in) noexcept {
  return in >= state::greeting && in <= state::half_closed;
}
/// Connected and closed, with something still to be sent.
[[nodiscard]] constexpr bool is_draining(state in) noexcept {
  return in == state::draining || in == state::flushing;
}
/// Octets can move.
[[nodiscard]] constexpr bool is_connected(state in) noexcept {
  return in >= state::greeting && in <= state::flushing;
}
/// The handle is closed, or is being.
[[nodiscard]] constexpr bool is_over(state in) noexcept {
  return in >= state::closing;
}

struct cell {
  state to{};
  action does = action::none;
  bool possible = false;
};

namespace table {

inline constexpr auto grid = [] {
  std::array<std::array<cell, inputs>, states> spread{};
  for (std::size_t from = 0; from < states; ++from) spread[from].fill({.to = static_cast<state>(from)});
  for (const row& each : rows)
    spread[static_cast<std::size_t>(each.from)][static_cast<std::size_t>(each.in)] = {each.to, each.does,
                                                                                      true};
  for (const unmoved_by& each : unmoved)
    spread[static_cast<std::size_t>(each.in_state)][static_cast<std::size_t>(each.in)].possible = true;
  return spread;
}();

}  // namespace table

[[nodiscard]] constexpr const cell& next(state from, input in) noexcept {
  return table::grid[static_cast<std::size_t>(from)][static_cast<std::size_t>(in)];
}

/// Moves `now`, then has `port` carry out the actions one by one. An action may call back and be answered by
/// another step, an abort in connect_cb, say: then the rest is left undone, for that step has seen to it.
template <typename Port>
void step(state& now, input in, Port& port) {
  const cell& to = next(now, in);
  assert(to.possible);
  now = to.to;
  for (unsigned left = static_cast<unsigned>(to.does); left != 0 && now == to.to; left &= left - 1)
    port.carry_out(static_cast<action>(left & (~left + 1)));
}

/// Our direction, beside all that: shutdown_socket ends it while the peer may still send.
enum class sending : std::uint8_t {
  open,
  ending,    ///< the FIN follows what is written; nothing more is taken
  shutting,  ///< libuv was asked to send it
  ended,
};
enum class sending_input : std::uint8_t { shutdown, drained, fin_sent };

[[nodiscard]] constexpr sending next(sending from, sending_input in) noexcept {
  constexpr auto stays = [](sending at) { return std::array{at, at, at}; };
  constexpr std::array grid = [&] {
    std::array all{stays(sending::open), stays(sending::ending), stays(sending::shutting),
                   stays(sending::ended)};
    all[0][0] = sending::ending;    // open, shutdown
    all[1][1] = sending::shutting;  // ending, drained
    all[2][2] = sending::ended;     // shutting, fin_sent
    return all;
  }();
  return grid[static_cast<std::size_t>(from)][static_cast<std::size_t>(in)];
}

}  // namespace antiphon::cl_async_style::stream_life
