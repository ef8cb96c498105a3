#include "connection_state.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace antiphon::asio_style::detail {
namespace {

constexpr Phase all_phases[] = {Phase::made,     Phase::open,   Phase::half_closed,
                                Phase::flushing, Phase::losing, Phase::ended};
constexpr Step all_steps[] = {Step::begin, Step::keep_after_eof, Step::close_empty, Step::close_buffered,
                              Step::drop,  Step::flushed,        Step::told};

bool listed(Phase from, Step step) {
  for (const auto& row : transitions) {
    if (row.from == from && row.step == step) return true;
  }
  return false;
}

TEST(connection_state, a_step_that_is_not_in_the_table_changes_nothing_AS_190_AS_193) {
  for (const Phase from : all_phases) {
    for (const Step step : all_steps) {
      if (!listed(from, step)) {
        EXPECT_EQ(next(from, step), from) << int(from) << " " << int(step);
      }
    }
  }
}

TEST(connection_state, each_pair_of_phase_and_step_stands_in_the_table_once) {
  for (const auto& row : transitions) {
    int rows = 0;
    for (const auto& other : transitions) rows += other.from == row.from && other.step == row.step;
    EXPECT_EQ(rows, 1);
    EXPECT_EQ(next(row.from, row.step), row.to);
  }
}

TEST(connection_state, connection_made_comes_only_first_AS_094) {
  for (const Phase phase : all_phases) EXPECT_EQ(permits(phase).cm, phase == Phase::made);
}

TEST(connection_state, data_and_eof_come_only_while_open_AS_188) {
  for (const Phase phase : all_phases) EXPECT_EQ(permits(phase).dr_er, phase == Phase::open);
}

TEST(connection_state, connection_lost_comes_only_when_closing_AS_095) {
  for (const Phase phase : all_phases) {
    EXPECT_EQ(permits(phase).cl, phase == Phase::flushing || phase == Phase::losing);
  }
}

TEST(connection_state, water_marks_are_told_while_bytes_can_move_AS_132_AS_133) {
  for (const Phase phase : all_phases) {
    const bool moving = phase == Phase::open || phase == Phase::half_closed || phase == Phase::flushing;
    EXPECT_EQ(permits(phase).pw, moving);
    EXPECT_EQ(permits(phase).rw, moving);
  }
}

TEST(connection_state, writes_are_taken_until_the_loss_is_certain_AS_163_AS_165) {
  for (const Phase phase : all_phases) {
    EXPECT_EQ(permits(phase).takes_writes, phase != Phase::losing && phase != Phase::ended);
  }
}

TEST(connection_state, closing_is_never_taken_back_AS_189) {
  for (const Phase from : all_phases) {
    for (const Step step : all_steps) {
      EXPECT_TRUE(!permits(from).is_closing || permits(next(from, step)).is_closing);
    }
  }
}

TEST(connection_state, the_first_cause_counts_AS_211) {
  for (const Step step : all_steps) {
    EXPECT_EQ(next(Phase::losing, step), step == Step::told ? Phase::ended : Phase::losing);
  }
}

TEST(connection_state, a_lost_connection_stays_lost_AS_095) {
  for (const Step step : all_steps) EXPECT_EQ(next(Phase::ended, step), Phase::ended);
}

// Every sequence of up to six steps: the way to the end is one, and nothing is permitted behind it.
TEST(connection_state, no_sequence_of_steps_reaches_data_after_the_end_I_1) {
  struct Walk {
    std::size_t ends = 0, walks = 0;
    void go(Phase phase, int left, bool was_closing) {
      ++walks;
      EXPECT_FALSE(was_closing && permits(phase).dr_er);
      if (phase == Phase::ended) ++ends;
      if (left == 0) return;
      for (const Step step : all_steps)
        go(next(phase, step), left - 1, was_closing || permits(phase).is_closing);
    }
  } walk;
  walk.go(Phase::made, 6, false);
  EXPECT_EQ(walk.walks, 137257U);  // 1 + 7 + ... + 7^6: all of them were walked
  EXPECT_GT(walk.ends, 0U);
}

}  // namespace
}  // namespace antiphon::asio_style::detail
