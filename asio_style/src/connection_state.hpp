#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "transition_table.hpp"

/// The life of one connection, as data: no socket, no loop, no time.
///
/// The transport keeps one Phase and moves it only with next(). Two facts are no phases because they combine
/// with several: whether the user paused reading, and whether write_eof was called.
namespace antiphon::asio_style::detail {

enum class Phase : std::uint8_t {
  made,         ///< N  the transport exists, connection_made was not called yet
  open,         ///< O  both directions
  half_closed,  ///< H  the peer finished, eof_received kept the connection: we may write
  flushing,     ///< F  closing, bytes are still to be sent; nothing is read
  losing,       ///< Q  connection_lost is queued
  ended,        ///< E  connection_lost was called; the socket is closed
};
inline constexpr std::size_t phases = 6;

enum class Step : std::uint8_t {
  begin,           ///< connection_made is called
  keep_after_eof,  ///< eof_received returned true
  close_empty,     ///< close, or eof_received returned false, with nothing buffered
  close_buffered,  ///< the same with bytes to flush
  drop,            ///< abort, or a fatal error
  flushed,         ///< the last byte of the flush is sent
  told,            ///< connection_lost was called
};
inline constexpr std::size_t steps = 7;

struct Transition {
  Phase from;
  Step step;
  Phase to;
};

/// All that can happen. What is not in the table changes nothing:
/// a second close, an abort while losing (AS-190, AS-193).
inline constexpr std::array transitions = {
    Transition{Phase::made, Step::begin, Phase::open},  // AS-094
    Transition{Phase::made, Step::close_empty,
               Phase::losing},                           // closed before it was told: still CM, then CL
    Transition{Phase::made, Step::drop, Phase::losing},  //
    Transition{Phase::open, Step::keep_after_eof, Phase::half_closed},  // AS-181
    Transition{Phase::open, Step::close_empty, Phase::losing},          // AS-185
    Transition{Phase::open, Step::close_buffered, Phase::flushing},     // AS-186
    Transition{Phase::open, Step::drop, Phase::losing},                 // AS-197
    Transition{Phase::half_closed, Step::close_empty, Phase::losing},   //
    Transition{Phase::half_closed, Step::close_buffered, Phase::flushing},
    Transition{Phase::half_closed, Step::drop, Phase::losing},  //
    Transition{Phase::flushing, Step::drop, Phase::losing},     // AS-192, AS-194
    Transition{Phase::flushing, Step::flushed, Phase::losing},  // AS-187
    Transition{Phase::losing, Step::told, Phase::ended},        // AS-095
};

/// What a phase permits: the callbacks that may come, and what the methods find.
struct Permits {
  bool cm, dr_er, pw, rw, cl;
  bool takes_writes;  ///< else write drops its bytes (AS-163)
  bool is_closing;    ///< AS-189
};

inline constexpr std::array<Permits, phases> permits_of = {{
    //  CM     DR/ER  PW     RW     CL     writes closing
    {true, false, false, false, false, true, false},   // made
    {false, true, true, true, false, true, false},     // open
    {false, false, true, true, false, true, false},    // half_closed
    {false, false, true, true, true, true, true},      // flushing
    {false, false, false, false, true, false, true},   // losing
    {false, false, false, false, false, false, true},  // ended
}};

[[nodiscard]] constexpr const Permits& permits(Phase phase) noexcept {
  return permits_of[static_cast<std::size_t>(phase)];
}

namespace table {

inline constexpr auto grid = spread_transitions<phases, steps>(transitions);

}  // namespace table

[[nodiscard]] constexpr Phase next(Phase from, Step step) noexcept {
  return table::grid[static_cast<std::size_t>(from)][static_cast<std::size_t>(step)];
}

}  // namespace antiphon::asio_style::detail
