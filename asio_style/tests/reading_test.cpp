#include <gmock/gmock.h>

#include <sys/socket.h>

#include "loop_core.hpp"
#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class Reading : public testing::Test, protected Bench {};
using reading = Reading;

TEST_F(reading, data_then_eof_then_the_end_AS_094_AS_098_AS_201) {
  listen();
  Peer peer(port());
  peer.send("hello");
  peer.shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
  EXPECT_EQ(protocol().received, "hello");
}

TEST_F(reading, eof_alone_is_no_data_AS_096) {
  listen();
  Peer peer(port());
  peer.shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(reading, an_unmodified_protocol_ignores_data_and_closes_on_eof_AS_105) {
  server = loop.run_until_complete(
      loop.create_server([] { return std::make_shared<Protocol>(); }, "127.0.0.1", 0));
  const Peer peer(port());
  peer.send("nobody listens");
  peer.shutdown_write();
  const auto closed = loop.create_task(server->wait_closed());
  std::thread client([&] {
    EXPECT_EQ(peer.read_to_end().bytes, "");
    loop.call_soon_threadsafe([&] { server->close(); });
  });
  loop.run_until_complete(closed);
  client.join();
}

TEST_F(reading, data_that_came_before_a_reset_is_told_first_AS_203) {
  listen();
  Peer peer(port());
  peer.send("last words");
  peer.reset();
  run_until("CL");
  EXPECT_THAT(events(),
              ElementsAre("CM", "DR", "CL ConnectionResetError: [Errno 104] Connection reset by peer"));
  EXPECT_EQ(protocol().received, "last words");
}

TEST_F(reading, large_input_comes_complete_in_blocks_of_at_most_256_KiB_AS_096_AS_097) {
  listen();
  const std::string sent = pattern(8 * 1024 * 1024);
  std::thread client([&] {
    const Peer peer(port());
    peer.send(sent);
  });
  run_until("CL");
  client.join();
  EXPECT_TRUE(protocol().received == sent);
  EXPECT_LE(protocol().largest, 256U * 1024);
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(reading, nothing_is_read_before_connection_made_has_returned_AS_060) {
  hooks.connection_made = [this](Scripted&) { trace.add("CM ends"); };
  listen();
  Peer peer(port());
  peer.send("early");
  peer.shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "CM ends", "DR", "ER", "CL None"));
}

// The trace cm_call_soon_before_dr.
TEST_F(reading, a_callback_queued_in_connection_made_runs_before_the_first_data_AS_061) {
  hooks.connection_made = [this](Scripted&) {
    loop.call_soon([this] {
      trace.add("from CM");
      loop.call_soon([this] { trace.add("second"); });
    });
  };
  listen();
  Peer peer(port());
  peer.send("waiting in the kernel");
  peer.shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "from CM", "DR", "second", "ER", "CL None"));
}

TEST_F(reading, that_order_holds_while_other_connections_are_busy_AS_061) {
  // One connection is ready in every turn: a new connection's data
  // must not slip in with it, before the callback.
  hooks.connection_made = [this](Scripted& self) {
    loop.call_soon([this, &self] {
      EXPECT_TRUE(self.received.empty());
      trace.add("from CM");
    });
  };
  listen();
  Peer busy(port());
  run_until("CM");
  hooks.data_received = [&](Scripted& self) {
    if (&self == protocols.at(0).get()) busy.send("x");  // readable again at once, hence ready in every turn
  };
  busy.send("x");
  for (std::size_t i = 2; i < 20; ++i) {
    Peer another(port());
    another.send("data");
    run_until("from CM", i);
    run_until_true([&] { return protocols.back()->received == "data"; });
  }
}

// ---- pausing

TEST_F(reading, a_paused_transport_tells_no_data_and_no_eof_AS_142_AS_148_AS_150) {
  hooks.data_received = [](Scripted& self) { self.transport->pause_reading(); };
  listen();
  Peer peer(port());
  peer.send("first");
  run_until("DR");
  peer.send("second");
  peer.shutdown_write();
  turn(10);
  EXPECT_THAT(events(), ElementsAre("CM", "DR"));
  hooks.data_received = nullptr;
  transport().resume_reading();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
  EXPECT_EQ(protocol().received, "firstsecond");  // AS-148
}

TEST_F(reading, pausing_inside_data_received_stops_the_rest_of_a_large_block_AS_149) {
  hooks.data_received = [](Scripted& self) { self.transport->pause_reading(); };
  listen();
  Peer peer(port());
  const std::string sent = pattern(200'000);
  std::thread client([&] { peer.send(sent); });
  std::size_t blocks = 0;
  while (blocks == 0 || protocol().received.size() < sent.size()) {
    run_until_true([&] { return !protocols.empty() && protocol().blocks > blocks; });
    turn();
    EXPECT_EQ(protocol().blocks, blocks + 1);
    blocks = protocol().blocks;
    transport().resume_reading();
  }
  client.join();
  EXPECT_TRUE(protocol().received == sent);
}

TEST_F(reading, pausing_inside_connection_made_is_honoured_AS_147) {
  hooks.connection_made = [](Scripted& self) { self.transport->pause_reading(); };
  listen();
  Peer peer(port());
  peer.send("data");
  run_until("CM");
  turn(10);
  EXPECT_THAT(events(), ElementsAre("CM"));
  EXPECT_FALSE(transport().is_reading());
  transport().resume_reading();
  run_until("DR");
}

TEST_F(reading, pausing_and_resuming_inside_connection_made_reads_AS_147) {
  hooks.connection_made = [](Scripted& self) {
    self.transport->pause_reading();
    self.transport->resume_reading();
  };
  listen();
  Peer peer(port());
  peer.send("data");
  run_until("DR");
}

TEST_F(reading, pause_and_resume_are_idempotent_and_shown_by_is_reading_AS_143_AS_145) {
  listen();
  Peer peer(port());
  run_until("CM");
  EXPECT_TRUE(transport().is_reading());
  transport().resume_reading();
  transport().pause_reading();
  transport().pause_reading();
  EXPECT_FALSE(transport().is_reading());
  transport().resume_reading();
  EXPECT_TRUE(transport().is_reading());
  peer.send("x");
  run_until("DR");
}

TEST_F(reading, pause_and_resume_after_close_do_nothing_AS_144) {
  listen();
  Peer peer(port());
  run_until("CM");
  peer.send("never told");
  transport().close();
  transport().pause_reading();
  transport().resume_reading();
  EXPECT_FALSE(transport().is_reading());
  run_until("CL");
  transport().resume_reading();
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));
}

TEST_F(reading, a_paused_transport_reads_nothing_so_the_peer_is_held_back_AS_153) {
  hooks.connection_made = [](Scripted& self) { self.transport->pause_reading(); };
  listen();
  const Peer peer(port());
  run_until("CM");
  const std::string block(64 * 1024, 'x');
  std::size_t taken = 0;
  for (;;) {  // until the kernel's buffers on both sides are full
    const ssize_t sent = ::send(peer.fd(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) break;
    taken += static_cast<std::size_t>(sent);
    turn(1);
  }
  EXPECT_GT(taken, 0U);
  EXPECT_EQ(protocol().received.size(), 0U);
}

TEST_F(reading, a_reset_during_the_pause_is_noticed_at_resume_AS_151) {
  hooks.data_received = [](Scripted& self) { self.transport->pause_reading(); };
  listen();
  Peer peer(port());
  peer.send("x");
  run_until("DR");
  peer.reset();
  turn(10);
  EXPECT_THAT(events(), ElementsAre("CM", "DR"));
  transport().resume_reading();
  run_until("CL");
  EXPECT_THAT(events(),
              ElementsAre("CM", "DR", "CL ConnectionResetError: [Errno 104] Connection reset by peer"));
}

TEST_F(reading, a_reset_during_the_pause_is_noticed_by_the_next_write_AS_151) {
  hooks.data_received = [](Scripted& self) { self.transport->pause_reading(); };
  listen();
  Peer peer(port());
  peer.send("x");
  run_until("DR");
  peer.reset();
  turn(10);
  transport().write("answer");
  EXPECT_TRUE(transport().is_closing());
  run_until("CL");
  EXPECT_THAT(events(),
              ElementsAre("CM", "DR", "CL ConnectionResetError: [Errno 104] Connection reset by peer"));
}

TEST_F(reading, close_and_abort_work_during_the_pause_AS_152) {
  hooks.connection_made = [](Scripted& self) { self.transport->pause_reading(); };
  listen();
  Peer first(port());
  run_until("CM", 1);
  Peer second(port());
  run_until("CM", 2);
  transport(0).close();
  transport(1).abort();
  run_until("CL None", 2);
}

TEST_F(reading, a_paused_connection_that_hangs_up_does_not_make_the_loop_spin_AS_151) {
  hooks.connection_made = [](Scripted& self) { self.transport->pause_reading(); };
  listen();
  Peer peer(port());
  run_until("CM");
  peer.reset();
  turn(10);  // the kernel reports the hang-up once, then the descriptor must be out of its set
  EXPECT_EQ(loop.core().selector().poll(), 0U);
}

// ---- changing the protocol

TEST_F(reading, set_protocol_moves_all_later_calls_AS_214_AS_216) {
  const auto second = std::make_shared<Scripted>(trace, hooks, "B.");
  hooks.data_received = [&](Scripted& self) {
    if (&self == second.get()) return;
    self.transport->set_protocol(second);
    EXPECT_EQ(self.transport->get_protocol(), second);
  };
  listen();
  Peer peer(port());
  peer.send("x");
  run_until("DR");
  peer.send("y");
  peer.shutdown_write();
  run_until("B.CL");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "B.DR", "B.ER", "B.CL None"));
  EXPECT_EQ(transport().get_protocol(), nullptr);
}

TEST_F(reading, a_protocol_replaced_by_its_own_callback_lives_until_that_returns_AS_214) {
  struct Last : Protocol {
    explicit Last(Trace& to) : trace(&to) {}
    Last(const Last&) = delete;
    Last& operator=(const Last&) = delete;
    ~Last() override { trace->add("first protocol gone"); }
    void connection_made(std::shared_ptr<Transport> made) override { transport = made; }
    void data_received(std::span<const std::byte>) override {
      const auto here = transport.lock();
      here->set_protocol(std::make_shared<Protocol>());
      trace->add("first protocol still here");
    }
    Trace* trace;
    std::weak_ptr<Transport> transport;
  };
  server = loop.run_until_complete(
      loop.create_server([this] { return std::make_shared<Last>(trace); }, "127.0.0.1", 0));
  Peer peer(port());
  peer.send("x");
  run_until("first protocol gone");
  EXPECT_THAT(events(), ElementsAre("first protocol still here", "first protocol gone"));
}

TEST_F(reading, set_protocol_in_connection_lost_holds_until_that_returns_AS_216) {
  const auto second = std::make_shared<Scripted>(trace, hooks, "B.");
  hooks.connection_lost = [&](Scripted& self) {
    self.transport->set_protocol(second);
    EXPECT_EQ(self.transport->get_protocol(), second);
  };
  listen();
  Peer(port()).close();
  run_until("CL None");
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
  EXPECT_EQ(transport().get_protocol(), nullptr);
}

TEST_F(reading, a_protocol_that_can_not_read_is_refused_AS_106) {
  listen();
  Peer peer(port());
  run_until("CM");
  const auto before = transport().get_protocol();
  EXPECT_EQ(type_name(thrown_by([&] { transport().set_protocol(std::make_shared<BaseProtocol>()); })),
            "TypeError");
  EXPECT_EQ(transport().get_protocol(), before);
}

}  // namespace
}  // namespace antiphon::asio_style::test
