#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace antiphon::conformance::reference {

/// The ways in which the reference target can be told to misbehave: its mutants, one at a time. faults.cpp
/// says what each breaks and which rule has to notice.
enum class Fault : std::uint8_t {
  none,
  data_before_made,
  made_twice,
  data_after_lost,
  resume_after_lost,
  data_after_end,
  reads_while_made,
  soon_waits_for_data,
  end_on_reset,
  end_on_abort,
  soon_backwards,
  lost_before_soon,
  empty_data,
  timers_as_made,
  zero_timer_is_soon,
  end_twice_after_resume,
  lost_twice,
  lost_never,
  error_reported_twice,
  lost_inside_close,
  lost_inside_abort,
  data_inside_resume,
  resume_inside_write,
  end_inside_resume,
  resume_inside_set_limits,
  close_in_pause_ignored,
  abort_in_pause_ignored,
  write_in_lost_throws,
  close_completes_twice,
  pause_twice,
  pause_too_early,
  resume_too_early,
  pause_put_off,
  no_second_pause,
  lowering_ignored,
  resume_before_lost,
  drops_while_paused,
  no_resume_while_closing,
  pauses_before_sending,
  size_kept_after_abort,
  write_throws_when_full,
  bad_marks_taken,
  other_default_marks,
  low_stays,
  high_stays,
  defaults_not_restored,
  zero_mark_is_no_mark,
  blocks_merged,
  pause_ignored,
  data_lost_by_pause,
  pause_in_made_ignored,
  pauses_count,
  close_waits_for_resume,
  is_reading_always,
  reset_seen_while_paused,
  is_reading_false_after_end,
  eof_true_closes,
  eof_false_keeps_open,
  write_eof_at_once,
  write_eof_stops_reading,
  second_write_eof_throws,
  true_overrides_close,
  write_after_write_eof_taken,
  write_eof_after_close_throws,
  write_eof_closes,
  both_ends_stay_open,
  no_pause_after_end,
  close_after_write_eof_drops,
  data_after_close,
  close_drops_output,
  second_close_aborts,
  abort_flushes,
  is_closing_late,
  abort_after_close_ignored,
  write_after_close_throws,
  reads_after_close_in_made,
  close_gives_up,
  abort_has_cause,
  close_has_cause,
  end_has_cause,
  reset_is_none,
  send_error_is_none,
  reset_reported,
  later_cause_wins,
  stop_tells_data,
  stop_waits_for_peers,
  error_swallowed,
  error_cause_none,
  made_error_closes,
  lost_error_swallowed,
  end_error_keeps_open,
  pause_error_drops_write,
  resume_error_closes,
  soon_error_swallowed,
  error_flushes_output,
  flips_received,
  loses_single_octets,
  flips_sent,
  loses_tail,
  loses_part,
  small_writes_wait,
  empty_write_closes,
  made_before_handshake,
  failed_handshake_told,
  close_notify_is_error,
  cut_ignored,
  tls_reset_is_none,
  no_close_notify,
  abort_sends_close_notify,
  tls_write_eof_taken,
  tls_eof_true_keeps_open,
  tls_send_error_silent,
  unix_end_is_reset,
  unix_stale_refused,
  unix_removes_file,
  unix_reset_is_end,
  crosstalk,
  error_closes_others,
  abort_hits_all,
  made_out_of_order,
  marks_shared,
  pause_pauses_all,
  stop_closes_connections,
  loses_a_connection,
  stop_keeps_listening,
  second_stop_throws,
  accept_error_floods,
  reset_stops_listener,
};

struct Mutant {
  Fault fault;
  std::string_view name;
  std::string_view rule;    ///< that has to kill it
  std::string_view breaks;  ///< "the reference ..."
  std::string_view says;    ///< has to stand in the kit's message
  std::string_view seen;    ///< what a user of such a server would see
};
[[nodiscard]] std::span<const Mutant> all_mutants() noexcept;
/// By its name, or by its place in that list, counted from 1. Null: no such mutant.
[[nodiscard]] const Mutant* find_mutant(std::string_view name) noexcept;

/// Which fault a target has.
struct Faults {
  Fault chosen = Fault::none;
  [[nodiscard]] bool on(Fault fault) const noexcept { return chosen == fault; }
};

}  // namespace antiphon::conformance::reference
