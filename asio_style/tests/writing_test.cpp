#include <gmock/gmock.h>

#include <algorithm>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class Writing : public testing::Test, protected Connected {
 protected:
  /// Reads all that comes, up to the end, in a thread of its own, while the loop turns until `event`.
  Peer::Rest drain_until(std::string_view event) {
    Peer::Rest rest;
    std::thread reader([&] { rest = peer->read_to_end(); });
    run_until(event);
    if (!transport().is_closing()) transport().close();
    run_until_true([&] { return trace.count("CL") + trace.count("B.CL") > 0; });
    reader.join();
    return rest;
  }
  [[nodiscard]] std::size_t buffered() { return transport().get_write_buffer_size(); }
  [[nodiscard]] std::pair<std::size_t, std::size_t> limits() { return transport().get_write_buffer_limits(); }
};
using writing = Writing;
using Limits = std::pair<std::size_t, std::size_t>;

// ---- sending

TEST_F(writing, a_small_write_is_sent_at_once_AS_158_AS_126) {
  connect();
  transport().set_write_buffer_limits(0);
  transport().write("hello");
  EXPECT_EQ(buffered(), 0U);
  EXPECT_EQ(peer->read(5), "hello");  // without a turn of the loop
  EXPECT_THAT(events(), ElementsAre("CM"));
}

TEST_F(writing, what_the_kernel_does_not_take_is_buffered_and_sent_in_order_AS_158_AS_159_AS_130) {
  connect();
  const std::string sent = pattern(big);
  transport().write(std::string_view(sent).substr(0, big / 2));
  const std::size_t left = buffered();
  EXPECT_GT(left, 0U);
  EXPECT_LT(left, big / 2);
  transport().write(std::string_view(sent).substr(big / 2));
  EXPECT_EQ(buffered(), left + big / 2);
  EXPECT_TRUE(drain_until("RW").bytes == sent);
}

TEST_F(writing, the_callers_memory_may_change_after_write_AS_160) {
  connect();
  std::string data = pattern(big);
  const std::string copy = data;
  transport().write(data);
  std::fill(data.begin(), data.end(), '!');
  EXPECT_TRUE(drain_until("RW").bytes == copy);
}

TEST_F(writing, an_empty_write_does_nothing_AS_155_AS_168) {
  connect();
  transport().write("");
  transport().writelines({});
  transport().writelines({"", ""});
  EXPECT_EQ(buffered(), 0U);
  transport().close();
  run_until("CL");
  for (int i = 0; i < 10; ++i) transport().write("");
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));  // not counted either: no warning
}

TEST_F(writing, writelines_is_one_write_of_all_parts_AS_167) {
  connect();
  transport().writelines({"one ", "", "two ", "three"});
  EXPECT_EQ(buffered(), 0U);
  EXPECT_EQ(peer->read(13), "one two three");
}

TEST_F(writing, writelines_of_very_many_parts_goes_out_in_order_AS_167) {
  connect();
  std::vector<std::string> parts(1000);
  std::vector<std::string_view> views;
  std::string all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = std::to_string(i) + ",";
    all += parts[i];
  }
  views.assign(parts.begin(), parts.end());
  transport().writelines(std::span<const std::string_view>(views));
  EXPECT_EQ(buffered(), 0U);
  EXPECT_EQ(peer->read(all.size()), all);
}

TEST_F(writing, writelines_larger_than_the_kernel_takes_keeps_the_order_AS_167_AS_159) {
  connect();
  const std::string sent = pattern(big);
  std::vector<std::string_view> views;
  for (std::size_t at = 0, size = 1; at < sent.size(); at += size, size = size * 3 % 40961 + 1) {
    views.push_back(std::string_view(sent).substr(at, size));
  }
  transport().writelines(std::span<const std::string_view>(views));
  EXPECT_GT(buffered(), 0U);
  transport().writelines({});
  EXPECT_EQ(trace.count("PW"), 1U);
  EXPECT_TRUE(drain_until("RW").bytes == sent);
}

TEST_F(writing, writelines_onto_a_full_buffer_only_appends_AS_159) {
  connect();
  const std::string sent = pattern(big);
  transport().write(sent);
  transport().writelines({"tail ", "end"});
  EXPECT_TRUE(drain_until("RW").bytes == sent + "tail end");
}

// ---- water marks

TEST_F(writing, the_default_limits_and_the_order_of_the_pair_AS_113_AS_118) {
  connect();
  EXPECT_EQ(limits(), Limits(16384, 65536));
}

TEST_F(writing, one_limit_gives_the_other_and_none_the_defaults_AS_114_AS_115_AS_116) {
  connect();
  transport().set_write_buffer_limits(1000);
  EXPECT_EQ(limits(), Limits(250, 1000));
  transport().set_write_buffer_limits(std::nullopt, 100);
  EXPECT_EQ(limits(), Limits(100, 400));
  transport().set_write_buffer_limits();
  EXPECT_EQ(limits(), Limits(16384, 65536));
}

TEST_F(writing, limits_in_the_wrong_order_are_refused_and_change_nothing_AS_117) {
  connect();
  EXPECT_EQ(type_name(thrown_by([&] { transport().set_write_buffer_limits(10, 11); })), "ValueError");
  EXPECT_EQ(limits(), Limits(16384, 65536));
}

TEST_F(writing, pause_comes_from_inside_write_and_resume_from_the_loop_AS_103_AS_104_AS_119_AS_122) {
  bool inside_write = false;
  std::size_t at_pause = 0;
  std::size_t at_resume = big;
  hooks.pause_writing = [&](Scripted& self) {
    EXPECT_TRUE(inside_write);
    at_pause = self.transport->get_write_buffer_size();
  };
  hooks.resume_writing = [&](Scripted& self) {
    EXPECT_FALSE(inside_write);
    at_resume = self.transport->get_write_buffer_size();
  };
  connect();
  const std::string sent = pattern(big);
  inside_write = true;
  transport().write(sent);
  inside_write = false;
  EXPECT_GT(at_pause, limits().second);  // I-3
  EXPECT_TRUE(drain_until("RW").bytes == sent);
  EXPECT_LE(at_resume, limits().first);
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "CL None"));
}

TEST_F(writing, a_buffer_of_exactly_the_high_mark_does_not_pause_AS_119_AS_120_AS_121) {
  connect();
  transport().write(pattern(big));  // fills the kernel; what follows is buffered to the octet
  trace.clear();
  transport().set_write_buffer_limits(buffered() + 10, 0);
  transport().write("0123456789");
  EXPECT_EQ(buffered(), limits().second);
  EXPECT_TRUE(events().empty());
}

TEST_F(writing, what_the_kernel_takes_at_once_does_not_count_AS_121_AS_129) {
  connect();
  transport().set_write_buffer_limits(big);
  transport().write(pattern(big + 1));  // more than the mark, but the kernel takes an octet at least
  EXPECT_GT(buffered(), 0U);
  EXPECT_EQ(trace.count("PW"), 0U);
}

TEST_F(writing, one_octet_above_the_high_mark_pauses_AS_119) {
  connect();
  transport().set_write_buffer_limits(100 * big);
  transport().write(pattern(big));
  transport().set_write_buffer_limits(buffered() + 10, 0);
  transport().write("0123456789");
  EXPECT_EQ(trace.count("PW"), 0U);
  transport().write("!");
  EXPECT_EQ(trace.count("PW"), 1U);
}

TEST_F(writing, more_writes_while_paused_do_not_pause_again_AS_123_AS_124_AS_131) {
  connect();
  const std::string sent = pattern(big);
  for (std::size_t at = 0; at < sent.size(); at += big / 8)
    transport().write(std::string_view(sent).substr(at, big / 8));
  EXPECT_TRUE(drain_until("RW").bytes == sent);
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "CL None"));
}

TEST_F(writing, with_a_high_mark_of_zero_resume_waits_for_the_empty_buffer_AS_125) {
  std::size_t at_resume = 1;
  hooks.resume_writing = [&](Scripted& self) { at_resume = self.transport->get_write_buffer_size(); };
  connect();
  transport().set_write_buffer_limits(0);
  transport().write(pattern(big));
  static_cast<void>(drain_until("RW"));
  EXPECT_EQ(at_resume, 0U);
}

TEST_F(writing, lowering_the_limit_below_the_buffer_pauses_at_once_AS_127) {
  connect();
  transport().set_write_buffer_limits(100 * big);
  transport().write(pattern(big));
  EXPECT_EQ(trace.count("PW"), 0U);
  transport().set_write_buffer_limits(10);
  EXPECT_EQ(trace.count("PW"), 1U);
}

TEST_F(writing, raising_the_limit_never_resumes_by_itself_AS_128) {
  connect();
  transport().write(pattern(big));
  EXPECT_EQ(trace.count("PW"), 1U);
  transport().set_write_buffer_limits(100 * big);
  EXPECT_EQ(trace.count("RW"), 0U);
  static_cast<void>(drain_until("RW"));  // but the next send from the loop does
}

TEST_F(writing, writing_more_inside_resume_may_pause_again_AS_134) {
  std::string sent = pattern(big);
  hooks.resume_writing = [&](Scripted& self) {
    if (trace.count("RW") == 1) {
      self.transport->write(std::string_view(sent));
      EXPECT_EQ(trace.count("PW"), 2U);
    }
  };
  connect();
  transport().write(sent);
  Peer::Rest rest;
  std::thread reader([&] { rest = peer->read_to_end(); });
  run_until("RW", 2);
  transport().close();
  run_until("CL");
  reader.join();
  EXPECT_TRUE(rest.bytes == sent + sent);
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "PW", "RW", "CL None"));
}

TEST_F(writing, an_exception_of_pause_writing_is_reported_and_the_write_succeeds_AS_135) {
  hooks.pause_writing = [](Scripted&) { throw ValueError("boom"); };
  connect();
  const std::string sent = pattern(big);
  transport().write(sent);
  EXPECT_TRUE(drain_until("RW").bytes == sent);
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "handler protocol.pause_writing() failed: ValueError: boom",
                                    "RW", "CL None"));
}

TEST_F(writing, an_exception_of_resume_writing_is_reported_and_the_connection_lives_AS_136) {
  hooks.resume_writing = [](Scripted&) { throw ValueError("boom"); };
  connect();
  transport().write(pattern(big));
  static_cast<void>(drain_until("handler"));
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW",
                                    "handler protocol.resume_writing() failed: ValueError: boom", "CL None"));
}

TEST_F(writing, resume_goes_to_the_protocol_of_the_moment_AS_141) {
  const auto second = std::make_shared<Scripted>(trace, hooks, "B.");
  connect();
  transport().write(pattern(big));
  transport().set_protocol(second);
  static_cast<void>(drain_until("B.RW"));
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "B.RW", "B.CL None"));
}

// ---- writing into the void

TEST_F(writing, writes_after_the_loss_are_dropped_with_a_warning_from_the_fifth_on_AS_163_AS_164) {
  connect();
  transport().close();
  for (int i = 0; i < 4; ++i) transport().write("x");
  EXPECT_EQ(trace.count("log"), 0U);
  transport().write("x");
  transport().writelines({"x", "y"});
  EXPECT_THAT(events(), ElementsAre("CM", "log socket.send() raised exception.",
                                    "log socket.send() raised exception."));
  run_until("CL");
  EXPECT_EQ(peer->read_to_end().bytes, "");
}

TEST_F(writing, writes_inside_and_after_connection_lost_are_dropped_AS_166) {
  hooks.connection_lost = [](Scripted& self) {
    self.transport->write("inside");
    self.transport->writelines({"in", "side"});
    self.transport->write_eof();
    self.transport->close();
  };
  connect();
  transport().close();
  run_until("CL");
  transport().write("after");
  transport().writelines({"af", "ter"});
  transport().write_eof();
  transport().close();
  transport().abort();
  transport().set_write_buffer_limits(1);
  EXPECT_EQ(buffered(), 0U);
  turn();
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));
  EXPECT_EQ(peer->read_to_end().bytes, "");
}

TEST_F(writing, a_write_while_close_still_flushes_is_sent_AS_165) {
  connect();
  const std::string sent = pattern(big);
  transport().write(sent);
  transport().close();
  transport().write("after close");
  EXPECT_TRUE(drain_until("CL").bytes == sent + "after close");
}

// The trace write_epipe: the first write after the peer's close is answered with RST, the second one fails.
TEST_F(writing, a_failed_send_does_not_throw_and_ends_the_connection_AS_161_AS_162_AS_204) {
  hooks.eof_received = [](Scripted&) { return true; };
  connect();
  peer->close();
  run_until("ER");
  transport().write("provokes a reset");
  while (!transport().is_closing()) {
    turn(1);
    transport().write("x");
  }
  EXPECT_EQ(buffered(), 0U);
  transport().write("dropped");
  run_until("CL");
  const auto seen = events();
  EXPECT_EQ(seen.back(), "CL BrokenPipeError: [Errno 32] Broken pipe");
  EXPECT_EQ(trace.count("handler"), 0U);
}

TEST_F(writing, a_reset_while_bytes_wait_ends_in_the_error_without_resume_AS_133_AS_170_AS_204) {
  connect();
  transport().write(pattern(big));
  peer->send("unread");
  peer->reset();
  run_until("CL");
  EXPECT_EQ(trace.count("PW"), 1U);
  EXPECT_EQ(trace.count("RW"), 0U);
  EXPECT_EQ(type_name(protocol().lost), "ConnectionResetError");
  EXPECT_EQ(trace.count("handler"), 0U);
}

}  // namespace
}  // namespace antiphon::asio_style::test
