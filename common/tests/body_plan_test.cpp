#include "antiphon/http/body_plan.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "antiphon/http/request.hpp"

namespace antiphon::http {
namespace {

using Taking = BodyPlan::Taking;
constexpr std::uint64_t at_most = 100;

BodyPlan plan(Taking taking, std::optional<std::uint64_t> length, bool expects = false) {
  Request request;
  request.set_content_length(length);
  request.set_expects_continue(expects);
  BodyPlan made;
  made.begin(request, taking, at_most);
  return made;
}

TEST(body_plan, a_body_that_nobody_wants_is_read_over_if_it_is_small) {
  EXPECT_FALSE(plan(Taking::nothing, 100).answer_at_once());
  EXPECT_TRUE(plan(Taking::nothing, 101).answer_at_once());
  EXPECT_FALSE(plan(Taking::nothing, std::nullopt).answer_at_once());
  EXPECT_FALSE(plan(Taking::whole, 101).answer_at_once());
  EXPECT_FALSE(plan(Taking::pieces, 101, true).answer_at_once());
}

TEST(body_plan, a_client_that_waits_to_be_asked_is_answered_at_once_T11) {
  BodyPlan made = plan(Taking::nothing, 5, true);
  EXPECT_TRUE(made.answer_at_once());
  EXPECT_TRUE(made.must_close(true)) << "whether the body comes all the same cannot be known";
}

TEST(body_plan, an_unannounced_body_is_counted) {
  BodyPlan made = plan(Taking::nothing, std::nullopt);
  EXPECT_TRUE(made.received(60));
  EXPECT_TRUE(made.received(40));
  EXPECT_FALSE(made.must_close(true));
  EXPECT_FALSE(made.received(1));
  EXPECT_TRUE(made.must_close(true));
  BodyPlan wanted = plan(Taking::pieces, std::nullopt);
  EXPECT_TRUE(wanted.received(1'000));
  wanted.answered();
  EXPECT_TRUE(wanted.received(100)) << "only what came behind the answer counts";
  EXPECT_FALSE(wanted.received(1));
}

TEST(body_plan, invites_once_and_only_before_the_body_RFC_9110_10_1_1) {
  BodyPlan made = plan(Taking::pieces, 5, true);
  EXPECT_TRUE(made.invite());
  EXPECT_FALSE(made.invite());
  EXPECT_FALSE(made.must_close(false));
  EXPECT_FALSE(plan(Taking::whole, 5).invite());
  BodyPlan late = plan(Taking::whole, 5, true);
  EXPECT_TRUE(late.received(1));
  EXPECT_FALSE(late.invite());
  BodyPlan here = plan(Taking::whole, 5, true);
  here.at_hand();
  EXPECT_FALSE(here.invite());
  EXPECT_FALSE(here.must_close(false)) << "it is coming, invited or not";
}

TEST(body_plan, closes_behind_an_answer_that_leaves_too_much_of_the_body) {
  EXPECT_FALSE(plan(Taking::pieces, 100).must_close(true));
  EXPECT_TRUE(plan(Taking::pieces, 101).must_close(true));
  EXPECT_FALSE(plan(Taking::pieces, 101).must_close(false)) << "the handler takes it while it answers";
  EXPECT_FALSE(plan(Taking::pieces, std::nullopt).must_close(true)) << "it may be short";
  BodyPlan some = plan(Taking::pieces, 150);
  EXPECT_TRUE(some.received(50));
  EXPECT_FALSE(some.must_close(true));
}

}  // namespace
}  // namespace antiphon::http
