#include "automaton.hpp"

#include <gtest/gtest.h>

#include "checker.hpp"

namespace antiphon::conformance {
namespace {

/// The first rule that a made-up order of callbacks breaks; empty if none.
std::string broken(std::initializer_list<const char*> kinds, bool complete = true) {
  Trace trace;
  for (const char* kind : kinds) trace.push_back({kind, 0, static_cast<int>(trace.size()), {}});
  const auto violation = check_order(trace, complete);
  return violation ? violation->rule : "";
}

TEST(automaton, takes_what_the_expression_CM_DR_ER_CL_allows) {
  EXPECT_EQ(broken({"CM", "CL"}), "");
  EXPECT_EQ(broken({"CM", "DR", "DR", "ER", "CL"}), "");
  EXPECT_EQ(broken({"CM", "PW", "DR", "RW", "ER", "PW", "RW", "PW", "CL"}), "");
}

TEST(automaton, names_the_rule_that_each_wrong_order_breaks) {
  EXPECT_EQ(broken({"DR"}), "ORD-01");
  EXPECT_EQ(broken({"CL"}), "ORD-01");
  EXPECT_EQ(broken({"CM", "CM", "CL"}), "ONCE-01");
  EXPECT_EQ(broken({"CM", "CL", "CM"}), "ONCE-01");
  EXPECT_EQ(broken({"CM", "CL", "DR"}), "ORD-02");
  EXPECT_EQ(broken({"CM", "CL", "RW"}), "ORD-02");
  EXPECT_EQ(broken({"CM", "ER", "DR", "CL"}), "ORD-03");
  EXPECT_EQ(broken({"CM", "ER", "ER", "CL"}), "ORD-04");
  EXPECT_EQ(broken({"CM", "CL", "CL"}), "ORD-05");
  EXPECT_EQ(broken({"CM", "DR"}), "ORD-05");
  EXPECT_EQ(broken({"CM", "DR"}, false), "") << "a trace that goes on";
  EXPECT_EQ(broken({"CM", "RW", "CL"}), "FLOW-01");
  EXPECT_EQ(broken({"CM", "PW", "PW", "CL"}), "FLOW-01");
  EXPECT_EQ(broken({"CM", "PW", "RW", "RW", "CL"}), "FLOW-01");
}

TEST(automaton, every_state_and_event_has_a_step_or_a_rule) {
  for (const Life state : {Life::unborn, Life::open, Life::ended, Life::lost})
    for (const char* event : {"CM", "DR", "ER", "CL", "PW", "RW"}) {
      bool known = false;
      for (const LifeStep& step : life_steps) known = known || (step.from == state && step.event == event);
      for (const Forbidden& each : forbidden)
        known = known || (each.in == state && (each.event.empty() || each.event == event));
      EXPECT_TRUE(known) << static_cast<int>(state) << " " << event;
    }
}

TEST(automaton, keeps_connections_apart) {
  const Trace trace{{"CM", 0, 0, {}}, {"CM", 1, 0, {}}, {"ER", 0, 1, {}},
                    {"DR", 1, 1, {}}, {"CL", 0, 2, {}}, {"CL", 1, 2, {}}};
  EXPECT_FALSE(check_order(trace));
}

TEST(automaton, the_message_tells_event_and_connection) {
  const Trace trace{{"CM", 2, 0, {}}, {"CL", 2, 1, {}}, {"DR", 2, 2, {}}};
  const auto violation = check_order(trace);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->message,
            "ORD-02 violated: a callback after connection_lost, DR (event 3 of 3, connection 2)");
  EXPECT_EQ(violation->event, 2U);
}

}  // namespace
}  // namespace antiphon::conformance
