// What waits to be sent, and how long that may take: no socket, no loop, no clock.

#include "write_queue.hpp"

#include <gtest/gtest.h>

#include "idle_limits.hpp"

namespace antiphon::cl_async_style {
namespace {

using std::chrono::milliseconds;
using kind = write_queue::kind;

TEST(write_queue, a_ticks_writes_ask_for_one_request_of_each_kind_CL_108) {
  write_queue queue;
  queue.ask_once_in_tick(kind::plain);
  queue.ask_once_in_tick(kind::plain);
  EXPECT_EQ(queue.requests(), 1U);
  queue.ask_once_in_tick(kind::with_callbacks);
  queue.ask_once_in_tick(kind::with_callbacks);
  EXPECT_EQ(queue.requests(), 2U);
  queue.ask();  // forced: its own
  queue.ask();
  EXPECT_EQ(queue.requests(), 4U);
  queue.tick_is_over();
  queue.ask_once_in_tick(kind::plain);
  EXPECT_EQ(queue.requests(), 5U);
}

TEST(write_queue, what_is_taken_begins_the_count_anew_within_the_tick_CL_103) {
  write_queue queue;
  queue.ask_once_in_tick(kind::plain);
  EXPECT_EQ(queue.take_requests(), 1U);
  queue.ask_once_in_tick(kind::plain);
  EXPECT_EQ(queue.take_requests(), 1U);
  EXPECT_EQ(queue.take_requests(), 0U);
}

TEST(write_queue, what_is_set_aside_comes_back_behind_what_was_handed_over_CL_103) {
  write_queue queue;
  queue.gathered() = "flies";
  queue.ask();
  EXPECT_EQ(queue.put_in_flight(0, queue.take_requests()), "flies");
  queue.gathered() = "handed ";
  queue.ask();
  queue.wait_behind_flight();
  queue.gathered() += "gathered";
  queue.ask_once_in_tick(kind::plain);
  const write_queue::aside overtaken = queue.set_aside();
  EXPECT_EQ(queue.gathered(), "handed ");
  EXPECT_EQ(queue.requests(), 1U);
  queue.gathered() += "forced ";
  queue.ask();
  queue.put_back(overtaken);
  EXPECT_EQ(queue.gathered(), "handed forced gathered");
  queue.ask_once_in_tick(kind::plain);
  EXPECT_EQ(queue.requests(), 3U) << "the tick's is counted already";
}

TEST(write_queue, what_flies_stays_where_it_is_while_more_is_gathered) {
  write_queue queue;
  queue.gathered() = std::string(100, 'a');
  queue.ask();
  const std::string_view flight = queue.put_in_flight(40, queue.take_requests());
  EXPECT_EQ(flight, std::string(60, 'a'));
  EXPECT_TRUE(queue.flying());
  EXPECT_TRUE(queue.nothing_gathered());
  queue.gathered().append(5000, 'b');
  queue.ask();
  queue.wait_behind_flight();
  EXPECT_EQ(flight, std::string(60, 'a'));
  EXPECT_EQ(queue.size(), 5000U);
  EXPECT_EQ(queue.landed(), 1U);
  EXPECT_FALSE(queue.flying());
  EXPECT_TRUE(queue.waits_behind_flight());
  EXPECT_EQ(queue.take_requests(), 1U);
  EXPECT_FALSE(queue.waits_behind_flight());
}

TEST(write_queue, what_went_early_counts_until_its_tick_CL_117) {
  write_queue queue;
  queue.went_early(20000);
  EXPECT_EQ(queue.size(), 20000U);
  EXPECT_FALSE(queue.nothing_gathered());
  queue.early_ones_are_due();
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_TRUE(queue.nothing_gathered());
}

TEST(write_queue, of_a_flight_that_fails_those_handed_over_behind_it_are_told_too_CL_118) {
  write_queue queue;
  queue.gathered() = "a";
  queue.ask();
  EXPECT_EQ(queue.put_in_flight(0, queue.take_requests()), "a");
  queue.ask();
  queue.wait_behind_flight();
  queue.ask();  // its tick has not come: it is dropped without a word (CL-112)
  EXPECT_EQ(queue.landed() + queue.take_handed(), 2U);
  EXPECT_EQ(queue.take_handed(), 0U);
}

TEST(write_queue, dropping_leaves_nothing) {
  write_queue queue;
  queue.gathered() = "a";
  queue.went_early(3);
  queue.ask();
  queue.wait_behind_flight();
  queue.drop_octets();
  queue.drop_requests();
  EXPECT_TRUE(queue.nothing_gathered());
  EXPECT_EQ(queue.requests(), 0U);
  EXPECT_FALSE(queue.waits_behind_flight());
}

TEST(idle_limits, none_zero_and_less_are_no_limit_CL_155) {
  EXPECT_EQ(idle_limits(std::nullopt, milliseconds(0), milliseconds(5)).read(), milliseconds(0));
  EXPECT_EQ(idle_limits(milliseconds(-3), milliseconds(0), milliseconds(5)).read(), milliseconds(0));
  EXPECT_EQ(idle_limits(std::nullopt, milliseconds(-3), milliseconds(5)).write(), milliseconds(0));
}

TEST(idle_limits, each_read_gives_the_whole_limit_again_CL_157) {
  idle_limits limits(milliseconds(100), std::nullopt, milliseconds(1000));
  EXPECT_EQ(limits.read_left(milliseconds(1000)), milliseconds(100));
  EXPECT_EQ(limits.read_left(milliseconds(1099)), milliseconds(1));
  EXPECT_EQ(limits.read_left(milliseconds(1100)), std::nullopt);
  limits.was_read(milliseconds(1060));
  EXPECT_EQ(limits.read_left(milliseconds(1100)), milliseconds(60));
  EXPECT_EQ(limits.read_left(milliseconds(1160)), std::nullopt);
}

TEST(idle_limits, only_output_that_waits_can_be_stuck_CL_158) {
  idle_limits limits(std::nullopt, milliseconds(100), milliseconds(1000));
  EXPECT_EQ(limits.write_left(milliseconds(5000), false), milliseconds(100));
  EXPECT_EQ(limits.write_left(milliseconds(5000), true), std::nullopt);
  limits.was_written(milliseconds(4950));
  EXPECT_EQ(limits.write_left(milliseconds(5000), true), milliseconds(50));
}

}  // namespace
}  // namespace antiphon::cl_async_style
