// The table of a socket's life: no socket, no loop.

#include "stream_life.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace antiphon::cl_async_style::stream_life {
namespace {

constexpr std::array all_states{state::leaving,     state::connecting, state::greeting, state::open,
                                state::half_closed, state::draining,   state::flushing, state::closing,
                                state::closed,      state::done};
constexpr std::array all_inputs{input::attached, input::connected, input::greeted, input::ended,
                                input::close,    input::abort,     input::fail,    input::tls_broken,
                                input::drained,  input::let_go,    input::told};

/// Writes down what it is told to do, and may answer one of the actions with a step of its own.
struct recorder {
  state now;
  std::vector<action> done{};
  action answered = action::none;
  input answer = input::abort;

  void carry_out(action what) {
    done.push_back(what);
    if (what == answered) step(now, answer, *this);
  }
};

std::vector<action> actions_of(state from, input in) {
  recorder port{from};
  step(port.now, in, port);
  EXPECT_EQ(port.now, next(from, in).to);
  return port.done;
}

bool possible(state from, input in) {
  return next(from, in).possible;
}

using actions = std::vector<action>;
using enum action;

TEST(stream_life, each_cell_is_named_once_a_row_an_unmoved_one_or_impossible) {
  static_assert(all_states.size() == states && all_inputs.size() == inputs);
  for (const state from : all_states) {
    for (const input in : all_inputs) {
      const auto moved =
          std::count_if(rows.begin(), rows.end(), [&](const row& r) { return r.from == from && r.in == in; });
      const auto still = std::count_if(unmoved.begin(), unmoved.end(),
                                       [&](const unmoved_by& u) { return u.in_state == from && u.in == in; });
      EXPECT_LE(moved + still, 1) << int(from) << ' ' << int(in);
      EXPECT_EQ(possible(from, in), moved + still == 1) << int(from) << ' ' << int(in);
    }
  }
}

TEST(stream_life, each_row_leads_where_it_says_and_does_what_it_says_in_order) {
  for (const row& each : rows) {
    recorder port{each.from};
    step(port.now, each.in, port);
    EXPECT_EQ(port.now, each.to);
    EXPECT_TRUE(std::is_sorted(port.done.begin(), port.done.end()));
    action all = none;
    for (const action one : port.done) all = all | one;
    EXPECT_EQ(all, each.does);
  }
}

TEST(stream_life, what_is_unmoved_stays_and_does_nothing_CL_124_CL_173) {
  for (const unmoved_by& each : unmoved) {
    recorder port{each.in_state};
    step(port.now, each.in, port);
    EXPECT_EQ(port.now, each.in_state);
    EXPECT_TRUE(port.done.empty());
  }
}

TEST(stream_life, the_impossible_is_named) {
  for (const state from : all_states) {
    EXPECT_EQ(possible(from, input::connected), is_connecting(from));
    EXPECT_EQ(possible(from, input::attached), from == state::connecting);
    EXPECT_EQ(possible(from, input::let_go), from == state::closing);
    EXPECT_EQ(possible(from, input::told), from == state::closed);
    EXPECT_EQ(possible(from, input::drained), is_draining(from));
    // Only what is read can end.
    EXPECT_EQ(possible(from, input::ended), from == state::open || from == state::draining);
    // These come whenever the application or the system likes.
    EXPECT_TRUE(possible(from, input::close));
    EXPECT_TRUE(possible(from, input::abort));
    EXPECT_TRUE(possible(from, input::fail));
  }
}

#ifndef NDEBUG
TEST(stream_life_death, an_impossible_input_is_asserted_against) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        recorder port{state::done};
        step(port.now, input::connected, port);
      },
      "possible");
}
#endif

TEST(stream_life, every_state_is_reached_from_the_two_first_ones_and_every_life_can_end) {
  std::set<state> reached{state::greeting, state::connecting};
  for (std::size_t round = 0; round < states; ++round)
    for (const row& each : rows)
      if (reached.contains(each.from)) reached.insert(each.to);
  EXPECT_EQ(reached.size(), states);
  for (const state from : all_states) {
    if (is_over(from)) continue;
    EXPECT_EQ(next(from, input::abort).to, state::closing) << int(from);
    EXPECT_TRUE(has(next(from, input::abort).does, close_handle)) << int(from);
  }
}

TEST(stream_life, no_row_leads_back) {
  const auto age = [](state at) { return at == state::leaving ? state::flushing : at; };
  for (const row& each : rows) {
    if (each.from == state::leaving) continue;  // leaving becomes draining: it is closed all the time
    EXPECT_LT(each.from, age(each.to));
  }
}

TEST(stream_life, a_socket_leaves_the_application_once_CL_120) {
  for (const row& each : rows)
    EXPECT_EQ(has(each.does, leave), !is_closed(each.from) && is_closed(each.to)) << int(each.from);
}

TEST(stream_life, the_handle_is_closed_once_and_close_cb_comes_once_and_last) {
  for (const row& each : rows) {
    EXPECT_EQ(has(each.does, close_handle), !is_over(each.from) && is_over(each.to)) << int(each.from);
    EXPECT_EQ(has(each.does, close_cb), each.to == state::done);
    if (each.to == state::done) {
      EXPECT_EQ(each.does, close_cb);
    }
  }
}

TEST(stream_life, connect_cb_comes_before_anything_is_read_CL_091) {
  EXPECT_EQ(actions_of(state::greeting, input::greeted), actions{start_reading});
  for (const row& each : rows)
    EXPECT_EQ(has(each.does, start_reading), each.to == state::open) << int(each.from);
}

TEST(stream_life, a_clients_gathered_output_follows_connect_cb_CL_104) {
  EXPECT_EQ(actions_of(state::connecting, input::connected),
            (actions{shake_hands, start_reading, connect_cb, send_gathered}));
}

TEST(stream_life, a_client_closed_while_connecting_still_sends_what_it_has_and_tells_nobody_CL_133) {
  EXPECT_EQ(actions_of(state::connecting, input::close), actions{leave});
  EXPECT_EQ(actions_of(state::leaving, input::connected),
            (actions{discard_input, shake_hands, send_gathered}));
}

TEST(stream_life, an_error_is_told_and_closes_in_one_step_CL_070) {
  for (const state from : all_states) {
    if (is_over(from)) continue;
    EXPECT_EQ(actions_of(from, input::fail), is_closed(from) ? (actions{tell_cause, close_handle})
                                                             : (actions{tell_cause, leave, close_handle}));
  }
}

TEST(stream_life, a_local_close_tells_event_cb_nothing_CL_125) {
  for (const state from : all_states)
    for (const input in : {input::close, input::abort}) {
      EXPECT_FALSE(has(next(from, in).does, tell_cause | tell_eof));
    }
}

TEST(stream_life, the_end_of_data_is_told_once_and_to_nobody_who_has_closed_CL_145) {
  EXPECT_EQ(actions_of(state::open, input::ended), (actions{stop_reading, tell_eof}));
  EXPECT_EQ(actions_of(state::draining, input::ended), actions{stop_reading});
  EXPECT_FALSE(possible(state::half_closed, input::ended));
}

TEST(stream_life, a_graceful_close_sends_first_and_reads_for_nobody_CL_121) {
  EXPECT_EQ(actions_of(state::open, input::close), (actions{leave, discard_input, finish_sending}));
  EXPECT_EQ(actions_of(state::half_closed, input::close), (actions{leave, finish_sending}));
  EXPECT_EQ(actions_of(state::draining, input::drained), (actions{drop_pending, close_handle}));
  // Nothing can have come behind the peer's end.
  EXPECT_EQ(actions_of(state::flushing, input::drained), actions{close_handle});
}

TEST(stream_life, an_alert_still_goes_when_tls_is_broken_CL_244) {
  EXPECT_EQ(actions_of(state::open, input::tls_broken), (actions{leave, discard_input}));
  EXPECT_EQ(next(state::open, input::tls_broken).to, state::draining);
}

TEST(stream_life, what_an_action_has_been_answered_by_sees_to_the_rest) {
  // abort_socket in connect_cb: nothing of the old step follows the new one's.
  recorder port{.now = state::connecting, .answered = connect_cb, .answer = input::abort};
  step(port.now, input::connected, port);
  EXPECT_EQ(port.done, (actions{shake_hands, start_reading, connect_cb, leave, close_handle}));
  EXPECT_EQ(port.now, state::closing);
}

TEST(stream_life, what_a_state_permits_is_what_its_name_says) {
  const auto those = [](bool (*test)(state)) {
    std::vector<state> found;
    for (const state each : all_states)
      if (test(each)) found.push_back(each);
    return found;
  };
  using v = std::vector<state>;
  EXPECT_EQ(those([](state s) { return !is_closed(s); }),
            (v{state::connecting, state::greeting, state::open, state::half_closed}));
  EXPECT_EQ(those([](state s) { return is_connecting(s); }), (v{state::leaving, state::connecting}));
  EXPECT_EQ(those([](state s) { return is_open(s); }), (v{state::greeting, state::open, state::half_closed}));
  EXPECT_EQ(those([](state s) { return is_draining(s); }), (v{state::draining, state::flushing}));
  EXPECT_EQ(those([](state s) { return is_connected(s); }),
            (v{state::greeting, state::open, state::half_closed, state::draining, state::flushing}));
  EXPECT_EQ(those([](state s) { return is_over(s); }), (v{state::closing, state::closed, state::done}));
}

TEST(stream_sending, the_fin_is_asked_for_behind_what_is_written_and_goes_once) {
  constexpr std::array all{sending::open, sending::ending, sending::shutting, sending::ended};
  constexpr std::array what{sending_input::shutdown, sending_input::drained, sending_input::fin_sent};
  for (std::size_t from = 0; from < all.size(); ++from)
    for (std::size_t in = 0; in < what.size(); ++in)
      EXPECT_EQ(next(all[from], what[in]), from == in ? all[from + 1] : all[from]);
}

}  // namespace
}  // namespace antiphon::cl_async_style::stream_life
