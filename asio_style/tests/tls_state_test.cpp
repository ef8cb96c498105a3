#include <gtest/gtest.h>

#include "ssl_state.hpp"

namespace antiphon::asio_style::detail {
namespace {

constexpr std::array all_phases = {TlsPhase::unwrapped, TlsPhase::handshake, TlsPhase::wrapped,
                                   TlsPhase::flushing,  TlsPhase::shutdown,  TlsPhase::ended};

TEST(tls_state, what_is_not_in_the_table_changes_nothing) {
  for (const auto phase : all_phases) {
    for (std::size_t step = 0; step < tls_steps; ++step) {
      const auto wanted = static_cast<TlsStep>(step);
      const auto* row = std::find_if(tls_transitions.begin(), tls_transitions.end(), [&](const auto& known) {
        return known.from == phase && known.step == wanted;
      });
      EXPECT_EQ(next(phase, wanted), row == tls_transitions.end() ? phase : row->to);
    }
  }
}

TEST(tls_state, nothing_leaves_the_end_and_a_drop_always_leads_there) {
  for (std::size_t step = 0; step < tls_steps; ++step)
    EXPECT_EQ(next(TlsPhase::ended, static_cast<TlsStep>(step)), TlsPhase::ended);
  for (const auto phase : all_phases) EXPECT_EQ(next(phase, TlsStep::drop), TlsPhase::ended);
}

// AS-232: a close goes through the flush and the wait for the answer.
TEST(tls_state, a_clean_close_flushes_then_waits_then_ends) {
  auto phase = next(TlsPhase::wrapped, TlsStep::close);
  EXPECT_EQ(phase, TlsPhase::flushing);
  EXPECT_EQ(next(phase, TlsStep::answered), TlsPhase::flushing);  // not before our own octets are sent
  phase = next(phase, TlsStep::handed);
  EXPECT_EQ(phase, TlsPhase::shutdown);
  EXPECT_EQ(next(phase, TlsStep::answered), TlsPhase::ended);
}

TEST(tls_state, text_is_delivered_only_while_wrapped_and_closing_phases_take_no_writes) {
  for (const auto phase : all_phases) {
    EXPECT_EQ(permits(phase).dr_er, phase == TlsPhase::wrapped);
    EXPECT_NE(permits(phase).takes_writes, permits(phase).is_closing);
  }
}

}  // namespace
}  // namespace antiphon::asio_style::detail
