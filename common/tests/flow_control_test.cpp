#include "antiphon/flow_control.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace antiphon {
namespace {

TEST(flow_control, defaults_are_64_and_16_KiB_AS_113_AS_116) {
  WaterMarks marks;
  EXPECT_EQ(marks.high(), 65536U);
  EXPECT_EQ(marks.low(), 16384U);
  marks.set(7, 3, 0);
  marks.set({}, {}, 0);
  EXPECT_EQ(marks.high(), 65536U);
  EXPECT_EQ(marks.low(), 16384U);
}

TEST(flow_control, one_mark_gives_the_other_AS_114_AS_115) {
  WaterMarks marks(1000, {});
  EXPECT_EQ(marks.low(), 250U);
  marks.set({}, 1000, 0);
  EXPECT_EQ(marks.high(), 4000U);
  marks.set(3, {}, 0);
  EXPECT_EQ(marks.low(), 0U);
}

TEST(flow_control, a_high_mark_below_the_low_one_is_refused_and_named_AS_117) {
  WaterMarks marks(100, 50);
  try {
    marks.set(10, 20, 0);
    FAIL() << "nothing thrown";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "high-water mark 10 is below the low-water mark 20");
  }
  EXPECT_EQ(marks.high(), 100U);
  EXPECT_EQ(marks.low(), 50U);
}

TEST(flow_control, pauses_strictly_above_the_high_mark_AS_119_AS_120) {
  WaterMarks marks(100, 50);
  EXPECT_EQ(marks.added(100), FlowSignal::none);
  EXPECT_EQ(marks.added(101), FlowSignal::pause);
  EXPECT_EQ(marks.added(500), FlowSignal::none) << "paused already (AS-124)";
}

TEST(flow_control, resumes_at_the_low_mark_AS_122_and_alternates_AS_123) {
  WaterMarks marks(100, 50);
  EXPECT_EQ(marks.removed(0), FlowSignal::none);
  ASSERT_EQ(marks.added(101), FlowSignal::pause);
  EXPECT_EQ(marks.removed(51), FlowSignal::none);
  EXPECT_EQ(marks.removed(50), FlowSignal::resume);
  EXPECT_EQ(marks.removed(0), FlowSignal::none);
  EXPECT_EQ(marks.added(101), FlowSignal::pause);
}

TEST(flow_control, with_zero_marks_anything_pauses_and_only_empty_resumes_AS_125) {
  WaterMarks marks(0, {});
  EXPECT_EQ(marks.added(0), FlowSignal::none);
  EXPECT_EQ(marks.added(1), FlowSignal::pause);
  EXPECT_EQ(marks.removed(1), FlowSignal::none);
  EXPECT_EQ(marks.removed(0), FlowSignal::resume);
}

TEST(flow_control, new_marks_may_pause_at_once_but_never_resume_AS_127_AS_128) {
  WaterMarks marks(100, 50);
  EXPECT_EQ(marks.set(10, 5, 60), FlowSignal::pause);
  EXPECT_EQ(marks.set(1000, 500, 60), FlowSignal::none);
  EXPECT_TRUE(marks.paused());
  EXPECT_EQ(marks.removed(60), FlowSignal::resume);
}

}  // namespace
}  // namespace antiphon
