#include <gmock/gmock.h>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class Closing : public testing::Test, protected Connected {};
using closing = Closing;

TEST_F(closing, close_calls_nothing_from_inside_AS_102_AS_185_AS_200) {
  hooks.data_received = [this](Scripted& self) {
    self.transport->close();
    EXPECT_TRUE(self.transport->is_closing());  // AS-189
    trace.add("close returned");
  };
  connect();
  peer->send("x");
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "close returned", "CL None"));  // AS-200
}

// The trace soon_around_close.
TEST_F(closing, connection_lost_stands_in_the_queue_where_close_was_called_AS_277) {
  hooks.data_received = [this](Scripted& self) {
    loop.call_soon([this] { trace.add("before"); });
    self.transport->close();
    loop.call_soon([this] { trace.add("after"); });
  };
  connect();
  peer->send("x");
  run_until("after");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "before", "CL None", "after"));
}

TEST_F(closing, close_in_connection_made_means_no_reading_at_all_AS_195) {
  hooks.connection_made = [](Scripted& self) { self.transport->close(); };
  listen();
  Peer early(port());
  early.send("never told");
  run_until("CL");
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));
}

TEST_F(closing, abort_in_connection_made_means_no_reading_at_all_AS_195_AS_199) {
  hooks.connection_made = [](Scripted& self) { self.transport->abort(); };
  listen();
  Peer early(port());
  early.send("never told");
  run_until("CL");
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));
}

TEST_F(closing, data_that_waits_is_not_told_after_close_AS_188) {
  hooks.data_received = [](Scripted& self) { self.transport->close(); };
  listen();
  Peer sender(port());
  std::thread client([&] {
    try {
      sender.send(pattern(big));
    } catch (const std::runtime_error&) {
    }  // the server goes away in the middle; that is the point
  });
  run_until("CL");
  turn();
  client.join();
  EXPECT_EQ(protocol().blocks, 1U);
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "CL None"));
}

TEST_F(closing, a_second_close_and_an_abort_after_it_change_nothing_AS_190_AS_193) {
  connect();
  transport().close();
  transport().close();
  transport().abort();
  run_until("CL");
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));
}

TEST_F(closing, a_second_abort_and_a_close_after_it_change_nothing_AS_193) {
  connect();
  transport().abort();
  transport().abort();
  transport().close();
  run_until("CL");
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));
}

// The trace close_in_dr_big_buffer.
TEST_F(closing, close_flushes_resumes_and_then_tells_in_the_same_turn_AS_132_AS_169_AS_186_AS_187) {
  const std::string sent = pattern(big);
  hooks.data_received = [&](Scripted& self) {
    self.transport->set_write_buffer_limits(0);  // so that it resumes with the last octet
    self.transport->write(sent);
    self.transport->close();
  };
  hooks.resume_writing = [this](Scripted& self) {
    EXPECT_TRUE(self.transport->is_closing());
    loop.call_soon([this] { trace.add("from RW"); });
  };
  connect();
  peer->send("x");
  const auto rest = drain();
  run_until("from RW");
  EXPECT_TRUE(rest.bytes == sent);
  EXPECT_FALSE(rest.reset);
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "PW", "RW", "CL None", "from RW"));
}

TEST_F(closing, close_waits_for_a_peer_that_does_not_read_until_abort_AS_191_AS_192) {
  connect();
  transport().write(pattern(big));
  transport().close();
  turn(20);
  EXPECT_THAT(events(), ElementsAre("CM", "PW"));
  transport().abort();
  EXPECT_EQ(transport().get_write_buffer_size(), 0U);
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "CL None"));
}

TEST_F(closing, a_reset_during_the_flush_is_the_cause_AS_194) {
  connect();
  transport().write(pattern(big));
  transport().close();
  peer->reset();
  run_until("CL");
  EXPECT_EQ(type_name(protocol().lost), "ConnectionResetError");
  EXPECT_EQ(trace.count("handler"), 0U);
}

// Python 3.11 tells connection_lost and then fails with an AttributeError here.
TEST_F(closing, close_inside_resume_writing_gives_one_connection_lost_and_no_error_AS_140) {
  hooks.resume_writing = [this](Scripted& self) {
    self.transport->close();
    loop.call_soon([this] { trace.add("after close"); });
  };
  connect();
  const std::string sent = pattern(big);
  transport().set_write_buffer_limits(0);  // so that the buffer is empty then
  transport().write(sent);
  EXPECT_TRUE(drain().bytes == sent);
  run_until("after close");
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "CL None", "after close"));
}

TEST_F(closing, abort_inside_resume_writing_gives_one_connection_lost_AS_140) {
  hooks.resume_writing = [](Scripted& self) { self.transport->abort(); };
  connect();
  transport().write(pattern(big));
  static_cast<void>(drain());
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "CL None"));
}

TEST_F(closing, close_inside_pause_writing_flushes_first_AS_137) {
  hooks.pause_writing = [](Scripted& self) { self.transport->close(); };
  connect();
  const std::string sent = pattern(big);
  transport().write(sent);
  EXPECT_TRUE(drain().bytes == sent);
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "CL None"));
}

TEST_F(closing, abort_inside_pause_writing_discards_the_buffer_AS_138) {
  hooks.pause_writing = [](Scripted& self) { self.transport->abort(); };
  connect();
  transport().write(pattern(big));
  EXPECT_EQ(transport().get_write_buffer_size(), 0U);
  EXPECT_LT(drain().bytes.size(), big);
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "CL None"));
}

TEST_F(closing, abort_discards_what_is_buffered_but_not_what_the_kernel_has_AS_197_AS_198_AS_199) {
  connect();
  const std::string sent = pattern(big);
  transport().write(sent);
  transport().abort();
  EXPECT_EQ(transport().get_write_buffer_size(), 0U);
  const auto rest = drain();
  EXPECT_GT(rest.bytes.size(), 0U);
  EXPECT_LT(rest.bytes.size(), big);
  EXPECT_FALSE(rest.reset);
  EXPECT_TRUE(rest.bytes == sent.substr(0, rest.bytes.size()));
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "CL None"));
}

TEST_F(closing, the_socket_is_open_during_connection_lost_and_closed_after_it_AS_196_AS_219) {
  int during = -1;
  hooks.connection_lost = [&](Scripted& self) {
    during = std::any_cast<TransportSocket>(self.transport->get_extra_info("socket")).fileno();
    EXPECT_GE(during, 0);
    EXPECT_NE(self.transport->get_protocol(), nullptr);
  };
  connect();
  const auto peername = std::any_cast<SocketAddress>(transport().get_extra_info("peername"));
  transport().close();
  run_until("CL");
  turn(1);
  EXPECT_LT(std::any_cast<TransportSocket>(transport().get_extra_info("socket")).fileno(), 0);
  EXPECT_EQ(std::any_cast<SocketAddress>(transport().get_extra_info("peername")), peername);
  EXPECT_EQ(transport().get_protocol(), nullptr);  // AS-216
  EXPECT_TRUE(transport().is_closing());
}

TEST_F(closing, protocol_and_transport_that_own_each_other_are_freed_after_the_loss) {
  connect();
  const std::weak_ptr<Scripted> watched = protocols.at(0);
  const std::weak_ptr<Transport> wire = protocols.at(0)->transport;
  transport().close();
  run_until("CL");
  turn();
  protocols.clear();
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(wire.expired());
}

TEST_F(closing, a_transport_that_nobody_keeps_lives_until_its_connection_ends) {
  hooks.connection_made = [](Scripted& self) { self.transport.reset(); };
  connect();
  peer->send("x");
  run_until("DR");
  peer->shutdown_write();
  run_until("CL");
}

TEST_F(closing, closing_the_loop_tells_nobody_and_frees_all_AS_285) {
  connect();
  peer->send("x");
  run_until("DR");
  const std::weak_ptr<Scripted> watched = protocols.at(0);
  const auto wire = protocols.at(0)->transport;
  protocols.clear();
  loop.close();
  EXPECT_TRUE(watched.expired());
  EXPECT_THAT(events(), ElementsAre("CM", "DR"));
  EXPECT_EQ(peer->read_to_end().bytes, "");
  wire->write("dropped");  // the user may still hold it
  wire->close();
  wire->abort();
  wire->pause_reading();
  wire->set_protocol(std::make_shared<Protocol>());
  EXPECT_TRUE(wire->is_closing());
  EXPECT_EQ(wire->get_write_buffer_size(), 0U);
}

TEST_F(closing, a_transport_may_outlive_its_loop) {
  std::shared_ptr<Transport> wire;
  {
    Bench other;
    other.listen();
    const Peer client(other.port());
    other.run_until("CM");
    wire = other.protocol().transport;
    wire->write(pattern(big));
  }
  for (int i = 0; i < 10; ++i) wire->write("nobody hears");
  EXPECT_TRUE(wire->is_closing());
}

}  // namespace
}  // namespace antiphon::asio_style::test
