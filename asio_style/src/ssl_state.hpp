#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "transition_table.hpp"

/// The life of one TLS connection, as data. Beside it run the lower transport's own phases
/// (connection_state.hpp): this one only says what TLS is doing.
namespace antiphon::asio_style::detail {

enum class TlsPhase : std::uint8_t {
  unwrapped,  ///< connection_made of the lower transport did not come yet
  handshake,  ///< the application knows of nothing (AS-223)
  wrapped,    ///< open
  flushing,   ///< closing: our octets, close_notify among them, wait for the lower transport
  shutdown,   ///< close_notify is on its way, the peer's is awaited (AS-232)
  ended,      ///< the lower transport closes or is gone
};
inline constexpr std::size_t tls_phases = 6;

enum class TlsStep : std::uint8_t {
  begin,     ///< the lower connection is there
  shaken,    ///< the handshake succeeded
  close,     ///< close was called, or the peer said close_notify, or its octets ended
  handed,    ///< the lower transport has taken everything
  answered,  ///< the peer's close_notify, or the end of its octets
  drop,      ///< abort, a failure, a time limit, or the loss of the lower connection
};
inline constexpr std::size_t tls_steps = 6;

struct TlsTransition {
  TlsPhase from;
  TlsStep step;
  TlsPhase to;
};

/// All that can happen. What is not in the table changes nothing.
inline constexpr std::array tls_transitions = {
    TlsTransition{TlsPhase::unwrapped, TlsStep::begin, TlsPhase::handshake},  //
    TlsTransition{TlsPhase::unwrapped, TlsStep::close, TlsPhase::ended},      //
    TlsTransition{TlsPhase::unwrapped, TlsStep::drop, TlsPhase::ended},       //
    TlsTransition{TlsPhase::handshake, TlsStep::shaken, TlsPhase::wrapped},   // AS-223
    TlsTransition{TlsPhase::handshake, TlsStep::close, TlsPhase::ended},      // nothing to close yet
    TlsTransition{TlsPhase::handshake, TlsStep::drop, TlsPhase::ended},       // AS-224, AS-225
    TlsTransition{TlsPhase::wrapped, TlsStep::close, TlsPhase::flushing},     // AS-228, AS-232
    TlsTransition{TlsPhase::wrapped, TlsStep::drop, TlsPhase::ended},         // AS-231, AS-236
    TlsTransition{TlsPhase::flushing, TlsStep::handed, TlsPhase::shutdown},   //
    TlsTransition{TlsPhase::flushing, TlsStep::drop, TlsPhase::ended},        // AS-235
    TlsTransition{TlsPhase::shutdown, TlsStep::answered, TlsPhase::ended},    // AS-233
    TlsTransition{TlsPhase::shutdown, TlsStep::drop, TlsPhase::ended},        // AS-235
};

/// What a phase permits.
struct TlsPermits {
  bool dr_er;         ///< plain text is delivered
  bool takes_writes;  ///< else write drops its bytes (AS-243)
  bool is_closing;
};

inline constexpr std::array<TlsPermits, tls_phases> tls_permits_of = {{
    // DR/ER  writes closing
    {false, true, false},  // unwrapped
    {false, true, false},  // handshake
    {true, true, false},   // wrapped
    {false, false, true},  // flushing
    {false, false, true},  // shutdown
    {false, false, true},  // ended
}};

[[nodiscard]] constexpr const TlsPermits& permits(TlsPhase phase) noexcept {
  return tls_permits_of[static_cast<std::size_t>(phase)];
}

namespace table {

inline constexpr auto tls_grid = spread_transitions<tls_phases, tls_steps>(tls_transitions);

}  // namespace table

[[nodiscard]] constexpr TlsPhase next(TlsPhase from, TlsStep step) noexcept {
  return table::tls_grid[static_cast<std::size_t>(from)][static_cast<std::size_t>(step)];
}

}  // namespace antiphon::asio_style::detail
