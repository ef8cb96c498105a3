#include <gmock/gmock.h>

#include <optional>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

constexpr std::size_t big = 8 * 1024 * 1024;

class Closing : public testing::Test, protected Bench {
 protected:
  void connect() {
    listen();
    peer.emplace(port(), 16 * 1024);
    run_until("CM");
  }
  /// Lets the peer read to the end beside the loop.
  Peer::Rest drain() {
    Peer::Rest rest;
    std::thread reader([&] { rest = peer->read_to_end(); });
    run_until("CL");
    reader.join();
    return rest;
  }
  std::optional<Peer> peer;
};
using closing = Closing;
using half_close = Closing;

// ---- close

TEST_F(closing, close_calls_nothing_from_inside_AS_102_AS_185) {
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
TEST_F(closing, close_flushes_resumes_and_then_tells_in_the_same_turn_AS_132_AS_186_AS_187) {
  const std::string sent = pattern(big);
  hooks.data_received = [&](Scripted& self) {
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

// ---- half-close

TEST_F(half_close, a_false_answer_flushes_and_closes_AS_180) {
  const std::string sent = pattern(big);
  hooks.data_received = [&](Scripted& self) { self.transport->write(sent); };
  connect();
  peer->send("x");
  peer->shutdown_write();
  EXPECT_TRUE(drain().bytes == sent);
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "PW", "ER", "RW", "CL None"));
}

TEST_F(half_close, a_true_answer_keeps_the_connection_open_for_writing_AS_181_AS_182) {
  hooks.eof_received = [](Scripted&) { return true; };
  connect();
  peer->shutdown_write();
  run_until("ER");
  turn(10);
  EXPECT_FALSE(transport().is_closing());
  EXPECT_TRUE(transport().is_reading());  // AS-145
  transport().write("still here");
  EXPECT_EQ(peer->read(10), "still here");
  transport().close();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(half_close, flow_control_goes_on_after_a_kept_eof_AS_182) {
  hooks.eof_received = [](Scripted&) { return true; };
  hooks.resume_writing = [](Scripted& self) { self.transport->close(); };
  connect();
  peer->shutdown_write();
  run_until("ER");
  const std::string sent = pattern(big);
  transport().write(sent);
  EXPECT_TRUE(drain().bytes.starts_with(sent.substr(0, big / 2)));
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "PW", "RW", "CL None"));
}

// Python 3.11 and uvloop tell it twice.
TEST_F(half_close, eof_is_told_once_even_if_reading_is_paused_and_resumed_after_it_AS_099) {
  hooks.eof_received = [](Scripted&) { return true; };
  connect();
  peer->shutdown_write();
  run_until("ER");
  transport().pause_reading();
  transport().resume_reading();
  turn(10);
  EXPECT_THAT(events(), ElementsAre("CM", "ER"));
}

TEST_F(half_close, after_a_kept_eof_only_a_send_notices_the_reset_AS_183) {
  hooks.eof_received = [](Scripted&) { return true; };
  connect();
  peer->shutdown_write();
  run_until("ER");
  peer->reset();
  turn(10);
  EXPECT_THAT(events(), ElementsAre("CM", "ER"));
  transport().write("x");
  run_until("CL");
  EXPECT_NE(protocol().lost, nullptr);
}

TEST_F(half_close, the_answer_does_not_matter_if_eof_received_closes_AS_184) {
  hooks.eof_received = [](Scripted& self) {
    self.transport->close();
    return true;
  };
  connect();
  peer->shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(half_close, the_answer_does_not_matter_if_eof_received_aborts_AS_184) {
  hooks.eof_received = [](Scripted& self) {
    self.transport->abort();
    return true;
  };
  connect();
  peer->shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(half_close, write_eof_ends_our_direction_at_once_and_reading_goes_on_AS_171_AS_173_AS_175) {
  connect();
  transport().write("last words");
  EXPECT_TRUE(transport().can_write_eof());  // AS-176
  transport().write_eof();
  EXPECT_FALSE(transport().is_closing());
  EXPECT_EQ(peer->read_to_end().bytes, "last words");  // without a turn of the loop
  peer->send("answer");
  run_until("DR");
  peer->shutdown_write();
  run_until("CL");  // AS-178
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(half_close, write_eof_waits_for_the_buffer_AS_172) {
  hooks.resume_writing = [this](Scripted&) { trace.add("drained"); };
  connect();
  const std::string sent = pattern(big);
  transport().set_write_buffer_limits(0);
  transport().write(sent);
  transport().write_eof();
  Peer::Rest rest;
  std::thread reader([&] { rest = peer->read_to_end(); });
  run_until("drained");
  reader.join();
  EXPECT_TRUE(rest.bytes == sent);
  EXPECT_FALSE(transport().is_closing());
  peer->close();
  run_until("CL");
}

TEST_F(half_close, close_after_write_eof_flushes_and_ends_AS_179) {
  connect();
  const std::string sent = pattern(big);
  transport().write(sent);
  transport().write_eof();
  transport().close();
  EXPECT_TRUE(drain().bytes == sent);
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "CL None"));
}

TEST_F(half_close, write_after_write_eof_is_an_error_even_if_empty_AS_156) {
  connect();
  transport().write_eof();
  const std::string refused = "RuntimeError: Cannot call write() after write_eof()";
  EXPECT_EQ(describe(thrown_by([&] { transport().write("x"); })), refused);
  EXPECT_EQ(describe(thrown_by([&] { transport().write(""); })), refused);
  EXPECT_EQ(describe(thrown_by([&] { transport().writelines({"x"}); })), refused);
}

TEST_F(half_close, write_eof_twice_or_after_close_does_nothing_AS_174) {
  connect();
  transport().write_eof();
  transport().write_eof();
  transport().close();
  transport().write_eof();
  run_until("CL");
  transport().write_eof();

  Peer second(port());
  run_until("CM", 2);
  transport(1).close();
  transport(1).write_eof();
  transport(1).write("dropped, not refused");
  run_until("CL", 2);
}

TEST_F(half_close, write_eof_on_a_reset_connection_throws_to_the_caller_AS_177) {
  hooks.data_received = [](Scripted& self) { self.transport->pause_reading(); };
  connect();
  peer->send("x");
  run_until("DR");
  peer->reset();
  std::exception_ptr thrown;
  thrown = thrown_by([&] { transport().write_eof(); });
  EXPECT_EQ(describe(thrown), "OSError: [Errno 107] Transport endpoint is not connected");
  EXPECT_FALSE(transport().is_closing());
  transport().close();
  run_until("CL None");
}

}  // namespace
}  // namespace antiphon::asio_style::test
