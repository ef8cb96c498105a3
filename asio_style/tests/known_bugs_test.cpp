// Bugs that real event loops of this model shipped; none of them is here. Where Python 3.11 itself has one,
// ours is a named difference (docs/asio_style.md).

#include <gmock/gmock.h>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

class KnownBugs : public testing::Test, protected Connected {};
using known_bug = KnownBugs;

// cpython 156512: the end is completed twice, and an AttributeError reaches the exception handler.
TEST_F(known_bug, close_in_resume_writing_is_completed_once_AS_139_AS_140) {
  hooks.resume_writing = [](Scripted& self) { self.transport->close(); };
  connect();
  transport().set_write_buffer_limits(0);
  transport().write(pattern(big));
  static_cast<void>(drain());
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "CL None"));
}

// cpython 76002: the read registration that is queued already is executed all the same.
TEST_F(known_bug, pause_reading_in_connection_made_is_not_ignored_AS_146_AS_147) {
  hooks.connection_made = [](Scripted& self) { self.transport->pause_reading(); };
  connect();
  peer->send("data");
  peer->shutdown_write();
  turn(10);
  EXPECT_THAT(events(), ElementsAre("CM"));
  transport().resume_reading();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

// cpython 136234: writelines touches state that is gone.
TEST_F(known_bug, writelines_after_the_loss_is_dropped_like_write_AS_163_AS_166) {
  connect();
  transport().abort();
  transport().writelines({"a", "b"});
  run_until("CL");
  for (int i = 0; i < 3; ++i) transport().writelines({"a", "b"});
  EXPECT_EQ(trace.count("log"), 0U);
  transport().writelines({"a", "b"});
  EXPECT_EQ(trace.count("log socket.send() raised exception."), 1U);  // the fifth, as for write
  EXPECT_EQ(transport().get_write_buffer_size(), 0U);
}

// Seen in Python 3.11.2 and uvloop 0.17: resume_reading registers the socket again, and it is at its end
// still.
TEST_F(known_bug, eof_is_not_told_again_by_pausing_and_resuming_AS_099_AS_100) {
  hooks.eof_received = [](Scripted&) { return true; };
  connect();
  peer->shutdown_write();
  run_until("ER");
  for (int i = 0; i < 3; ++i) {
    transport().pause_reading();
    turn();
    transport().resume_reading();
    turn();
  }
  transport().close();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

// uvloop 631: small writes wait for the next turn, and are lost if there is none.
TEST_F(known_bug, a_small_write_is_sent_although_the_loop_never_turns_again_AS_158) {
  hooks.connection_made = [](Scripted& self) {
    self.transport->write("small");
    get_running_loop().stop();
  };
  listen();
  peer.emplace(port());
  loop.run_forever();
  EXPECT_EQ(peer->read(5), "small");
}

// python/asyncio 359: a read event that was found in the same poll runs after the connection is gone.
TEST_F(known_bug, a_connection_ended_by_its_neighbour_of_the_same_turn_reads_nothing_AS_188) {
  listen();
  peer.emplace(port());
  const Peer other(port());
  run_until("CM", 2);
  hooks.data_received = [this](Scripted& self) {
    protocol(&self == &protocol(0) ? 1 : 0).transport->abort();
  };
  peer->send("x");
  other.send("x");
  run_until("CL");
  turn();
  EXPECT_EQ(trace.count("DR"), 1U);
  EXPECT_EQ(trace.count("CL None"), 1U);
}

// libuv 3233: a shutdown that is asked for never completes, and the loop never ends.
TEST_F(known_bug, write_eof_with_a_peer_that_is_gone_ends_the_connection_AS_172_AS_204) {
  connect();
  transport().write(pattern(big));
  transport().write_eof();
  peer->reset();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "PW",
                                    testing::AnyOf(StartsWith("CL ConnectionResetError"),
                                                   StartsWith("CL BrokenPipeError"))));
}

// websocketpp 1050: pausing breaks the connection.
TEST_F(known_bug, pausing_in_the_middle_of_a_stream_loses_nothing_AS_148_AS_150) {
  hooks.data_received = [this](Scripted& self) {
    self.transport->pause_reading();
    loop.call_soon([&self] { self.transport->resume_reading(); });
  };
  listen();
  const std::string sent = pattern(big);
  std::thread client([&] {
    const Peer sender(port());
    sender.send(sent);
    sender.shutdown_write();
    static_cast<void>(sender.read_to_end());
  });
  run_until("CL");
  client.join();
  EXPECT_TRUE(protocol().received == sent);
}

// cl-async 157: without marks memory grows with the slowest client. Here whoever obeys the two calls is
// bounded.
TEST_F(known_bug, a_writer_that_obeys_the_marks_holds_little_whatever_the_peer_does_AS_119_AS_130) {
  connect();
  bool paused = false;
  hooks.pause_writing = [&](Scripted&) { paused = true; };
  const std::string block(1000, 'x');
  std::size_t most = 0;
  for (int i = 0; i < 100000 && !paused; ++i) {
    transport().write(block);
    most = std::max(most, transport().get_write_buffer_size());
  }
  EXPECT_TRUE(paused);
  EXPECT_LE(most, 65536U + block.size());
  transport().abort();
  run_until("CL");
}

}  // namespace
}  // namespace antiphon::asio_style::test
