#include <gmock/gmock.h>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;

class HalfClose : public testing::Test, protected Connected {};
using half_close = HalfClose;

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

TEST_F(half_close,
       write_eof_ends_our_direction_at_once_and_reading_goes_on_AS_171_AS_173_AS_175_AS_176_AS_178) {
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
