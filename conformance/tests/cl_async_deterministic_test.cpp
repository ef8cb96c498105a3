// cl_async_style's pure logic without a socket, a thread, libuv or the time of day: the product's stream_core
// between a wire in memory and a clock moved by hand (memory_socket.hpp). What it tells is judged by the
// kit's own automaton and rules: CM DR* ER? CL is connect_cb, read_cb, socket_eof and close_cb here.

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "checker.hpp"
#include "memory_socket.hpp"

namespace antiphon::conformance {
namespace {

using std::chrono::milliseconds;
using Origin = MemorySocket::Origin;

struct Move {
  const char* name;
  void (*fn)(MemorySocket&);
};
/// What an application does, in a callback or between two.
constexpr std::array deeds{
    Move{"write 30", [](MemorySocket& s) { s.send(30); }},
    Move{"write 400", [](MemorySocket& s) { s.send(400); }},
    Move{"write 20000", [](MemorySocket& s) { s.send(20000); }},
    Move{"write 30 at once", [](MemorySocket& s) { s.send(30, true); }},
    Move{"close", [](MemorySocket& s) { s.close(false); }},
    Move{"close by force", [](MemorySocket& s) { s.give_up(false); }},
    Move{"abort", [](MemorySocket& s) { s.give_up(true); }},
    Move{"shutdown", [](MemorySocket& s) { s.shutdown(); }},
    Move{"stop reading", [](MemorySocket& s) { s.set_reading(false); }},
    Move{"read again", [](MemorySocket& s) { s.set_reading(true); }},
};
/// What the peer and the loop do.
constexpr std::array events{
    Move{"the peer sends", [](MemorySocket& s) { s.peer_sends(7); }},
    Move{"the peer ends", [](MemorySocket& s) { s.peer_ends(); }},
    Move{"the peer resets", [](MemorySocket& s) { s.peer_resets(); }},
    Move{"the peer reads", [](MemorySocket& s) { s.peer_reads(); }},
    Move{"a turn", [](MemorySocket& s) { s.turn(); }},
};

/// One socket's whole life: some moves, then to the end by a peer that reads.
class Play {
 public:
  explicit Play(Origin origin, bool half_open = false, MemorySocket::Reaction reaction = {})
      : socket(origin, half_open, std::move(reaction)) {}

  void move(const Move& what) {
    text_ += std::string(what.name) + ", ";
    what.fn(socket);
  }
  /// Then nothing may be wrong.
  void finish() {
    if (socket.connecting()) socket.connect(0);
    for (int i = 0; i < 4; ++i) socket.turn();
    socket.close(false);
    socket.widen_the_wire();
    for (int i = 0; i < 20 && !socket.over(); ++i) {
      socket.peer_reads();
      socket.turn();
    }
    socket.turn();
    socket.peer_reads();
    judge();
  }
  MemorySocket socket;

 private:
  void judge() {
    const std::string what = text_ + '\n' + render(socket.trace);
    ASSERT_TRUE(socket.over()) << what;
    if (socket.trace.front().kind == "CM") {
      const auto order = check_order(socket.trace);
      ASSERT_FALSE(order) << order->message << '\n' << what;
      Scenario marks;
      marks.server.limits.emplace(50, 10);
      const PeerRecord peer;
      std::vector<std::string> exercised;
      const auto model = check_model({marks, socket.trace, peer, "tcp", "", false}, exercised);
      ASSERT_FALSE(model) << model->message << '\n' << what;
    } else {
      // A client that was closed before it was connected, or that never was (CL-133, CL-172, CL-173).
      ASSERT_EQ(socket.trace.size(), 1U) << what;
      ASSERT_EQ(socket.trace.front().kind, "CL") << what;
    }
    // OCT-01, OCT-02: in order, each once. CLO-02, CLO-04: an orderly end sends all (CL-121).
    ASSERT_TRUE(socket.written.starts_with(socket.read)) << what;
    ASSERT_TRUE(socket.sent.starts_with(socket.received)) << what;
    ASSERT_TRUE(socket.gave_up || socket.read == socket.written) << what;
  }
  std::string text_;
};

template <std::size_t a, std::size_t b>
std::vector<Move> joined(const std::array<Move, a>& first, const std::array<Move, b>& second) {
  std::vector<Move> all(first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

/// Every sequence of so many moves, up to the first that breaks something.
template <typename Fn>
std::size_t each_sequence(const std::vector<Move>& moves, std::size_t length, Fn play) {
  std::vector<std::size_t> at(length, 0);
  for (std::size_t played = 1;; ++played) {
    std::vector<Move> script;
    for (const std::size_t each : at) script.push_back(moves[each]);
    play(script);
    std::size_t place = 0;
    while (place < length && ++at[place] == moves.size()) at[place++] = 0;
    if (place == length || testing::Test::HasFatalFailure()) return played;
  }
}

TEST(deterministic_cl_async, every_sequence_of_moves_keeps_the_order_the_marks_and_the_octets) {
  // ORD-01 to ORD-05, FLOW-01 to FLOW-03, OCT-01, OCT-02.
  const auto play_all = [](bool half_open, std::size_t length) {
    return each_sequence(joined(deeds, events), length, [&](const auto& script) {
      Play play(Origin::accepted, half_open);
      play.socket.accept();
      for (const Move& each : script) play.move(each);
      play.finish();
    });
  };
  EXPECT_EQ(play_all(true, 4), 50625U);
  EXPECT_EQ(play_all(false, 3), 3375U);
}

TEST(deterministic_cl_async, every_deed_in_every_callback_keeps_them_too) {  // REEN-01, REEN-02
  for (const char* in : {"CM", "DR", "ER", "PW", "RW", "CL"}) {
    for (const Move& deed : deeds) {
      for (const bool half_open : {false, true}) {
        each_sequence(joined(events, std::array{deeds[1]}), 3, [&](const auto& script) {
          Play play(Origin::accepted, half_open, {in, deed.fn});
          play.socket.accept();
          play.socket.peer_sends(5);
          play.socket.turn();
          for (const Move& each : script) play.move(each);
          play.finish();
        });
        ASSERT_FALSE(HasFatalFailure()) << deed.name << " in " << in;
      }
    }
  }
}

TEST(deterministic_cl_async, whatever_a_client_does_before_it_is_connected_waits_for_connect_cb) {
  // CL-104, CL-133, CL-172, CL-173.
  for (const int status : {0, -ECONNREFUSED}) {
    each_sequence(joined(deeds, std::array{events[4]}), 3, [&](const auto& script) {
      Play play(Origin::connecting);
      for (const Move& each : script) play.move(each);
      ASSERT_TRUE(play.socket.trace.empty() || play.socket.trace.front().kind == "CL");
      ASSERT_EQ(play.socket.read, "");
      if (play.socket.connecting()) {
        play.socket.gave_up = play.socket.gave_up || status != 0;
        play.socket.connect(status);
      }
      play.finish();
    });
  }
}

TEST(deterministic_cl_async, time_limits_strike_in_any_sequence_without_breaking_the_order) {
  // CL-155 to CL-158: the two limits are 25 ms, a move lets 10 pass.
  const std::array time{Move{"10 ms pass", [](MemorySocket& s) {
                               s.advance(milliseconds(10));
                               s.turn();
                             }}};
  const std::array some{deeds[1], deeds[4], deeds[7], events[0], events[3], time[0]};
  each_sequence(joined(some, time), 5, [&](const auto& script) {
    Play play(Origin::accepted, true);
    play.socket.accept();
    play.socket.set_timeouts(milliseconds(25), milliseconds(25));
    for (const Move& each : script) play.move(each);
    play.finish();
  });
}

std::string cause(const MemorySocket& socket) {
  return socket.over() ? socket.trace.back().text("cause") : "";
}

/// Ms by ms, for so long.
void pass(MemorySocket& socket, int ms) {
  for (int i = 0; i < ms; ++i) {
    socket.advance(milliseconds(1));
    socket.turn();
  }
}

TEST(deterministic_cl_async, a_silent_peer_is_given_its_time_to_the_millisecond_CL_157) {
  MemorySocket socket(Origin::accepted);
  socket.accept();
  socket.set_timeouts(milliseconds(50), std::nullopt);
  pass(socket, 30);
  socket.peer_sends(1);
  socket.turn();  // from here on it is 50 again
  pass(socket, 49);
  EXPECT_FALSE(socket.closed());
  pass(socket, 1);
  EXPECT_TRUE(socket.closed());
  pass(socket, 3);
  EXPECT_EQ(cause(socket), "timeout");
}

TEST(deterministic_cl_async, only_output_that_is_stuck_runs_out_of_time_CL_158) {
  MemorySocket socket(Origin::accepted);
  socket.accept();
  socket.set_timeouts(std::nullopt, milliseconds(50));
  pass(socket, 500);
  EXPECT_FALSE(socket.closed());  // nothing waits
  socket.send(400);
  pass(socket, 120);  // at most twice the limit, since its timer is not set anew by a write
  pass(socket, 3);
  EXPECT_EQ(cause(socket), "timeout");
}

TEST(deterministic_cl_async, without_a_limit_nothing_ever_strikes_CL_155) {
  MemorySocket socket(Origin::accepted);
  socket.accept();
  socket.set_timeouts(milliseconds(0), milliseconds(-1));
  socket.send(400);
  pass(socket, 1000);
  EXPECT_FALSE(socket.closed());
}

TEST(deterministic_cl_async, the_writes_of_a_tick_go_together_and_are_one_request_CL_102_CL_108) {
  MemorySocket socket(Origin::accepted);
  socket.accept();
  socket.send(10);
  socket.send(10);
  socket.peer_reads();
  EXPECT_EQ(socket.read, "");  // not before the tick
  socket.turn();
  socket.peer_reads();
  EXPECT_EQ(socket.read, socket.written);
  EXPECT_EQ(socket.told_written, 1U);
  socket.send(10);
  socket.send(10, true);  // takes what is gathered along, as a second request (CL-103)
  socket.peer_reads();
  EXPECT_EQ(socket.read, socket.written);
  EXPECT_EQ(socket.told_written, 3U);
}

TEST(deterministic_cl_async, a_shutdown_sends_the_fin_behind_all_octets_and_reading_goes_on) {
  MemorySocket socket(Origin::accepted);
  socket.accept();
  socket.send(250);
  socket.shutdown();
  socket.turn();
  EXPECT_FALSE(socket.fin_on_wire);
  for (int i = 0; i < 4; ++i) {
    socket.peer_reads();
    socket.turn();
  }
  EXPECT_EQ(socket.read.size(), 250U);
  EXPECT_TRUE(socket.fin_on_wire);
  socket.peer_sends(3);
  socket.turn();
  EXPECT_EQ(socket.received, socket.sent);
}

}  // namespace
}  // namespace antiphon::conformance
