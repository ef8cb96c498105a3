#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <csignal>

#include "flow_controlled.hpp"
#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using detail::UniqueFd;
using testing::Contains;
using testing::ElementsAre;
using testing::StartsWith;

/// One as the kernel can't send files over, TLS for instance: everything goes to the one inside.
class Indirect final : public Transport, public detail::FlowControlled {
 public:
  explicit Indirect(std::shared_ptr<Transport> inner) : inner_(std::move(inner)) {}

  using Transport::write;
  void write(std::span<const std::byte> data) override {
    largest_write = std::max(largest_write, data.size());
    inner_->write(data);
  }
  using Transport::writelines;
  void writelines(std::span<const std::span<const std::byte>> parts) override { inner_->writelines(parts); }
  void write_eof() override { inner_->write_eof(); }
  [[nodiscard]] bool can_write_eof() const override { return false; }
  void close() override { inner_->close(); }
  void abort() override { inner_->abort(); }
  [[nodiscard]] bool is_closing() const override { return inner_->is_closing(); }
  void pause_reading() override { inner_->pause_reading(); }
  void resume_reading() override { inner_->resume_reading(); }
  [[nodiscard]] bool is_reading() const override { return inner_->is_reading(); }
  void set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) override {
    inner_->set_write_buffer_limits(high, low);
  }
  [[nodiscard]] std::pair<std::size_t, std::size_t> get_write_buffer_limits() const override {
    return inner_->get_write_buffer_limits();
  }
  [[nodiscard]] std::size_t get_write_buffer_size() const override { return inner_->get_write_buffer_size(); }
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) override {
    inner_->set_protocol(std::move(protocol));
  }
  [[nodiscard]] std::shared_ptr<BaseProtocol> get_protocol() const override { return inner_->get_protocol(); }
  [[nodiscard]] std::any get_extra_info(std::string_view name, std::any fallback) const override {
    return inner_->get_extra_info(name, std::move(fallback));
  }
  [[nodiscard]] bool protocol_paused() const noexcept override {
    return dynamic_cast<const detail::FlowControlled&>(*inner_).protocol_paused();
  }

  std::size_t largest_write = 0;

 private:
  std::shared_ptr<Transport> inner_;
};

class Sendfile : public testing::Test, protected Connected {
 protected:
  /// A file with `size` octets of the pattern.
  int open(std::size_t size) {
    file.reset(::open(folder.add("file", pattern(size)).c_str(), O_RDONLY | O_CLOEXEC));
    return file.get();
  }
  std::uint64_t send(int descriptor, SendfileOptions options = {}) {
    return loop.run_until_complete(loop.sendfile(protocol().transport, descriptor, options));
  }
  std::string refused(int descriptor, SendfileOptions options = {}) {
    return describe(thrown_by([&] { send(descriptor, options); }));
  }
  [[nodiscard]] off_t position() const { return ::lseek(file.get(), 0, SEEK_CUR); }

  test_support::TemporaryFolder folder;
  UniqueFd file;
};
using sendfile = Sendfile;

TEST_F(sendfile, sends_the_file_behind_what_was_written_and_moves_its_position_AS_256_AS_259) {
  connect();
  const std::string text = pattern(big);
  transport().write(text);  // most of it has to wait
  ASSERT_GT(transport().get_write_buffer_size(), 0U);
  std::string got;
  std::thread reader([&] { got = peer->read(text.size() + 5 * big / 4); });
  EXPECT_EQ(send(open(5 * big / 4)), 5 * big / 4);
  reader.join();
  EXPECT_TRUE(got == text + pattern(5 * big / 4));
  EXPECT_EQ(position(), static_cast<off_t>(5 * big / 4));
}

TEST_F(sendfile, offset_and_count_select_the_range_AS_259) {
  connect();
  EXPECT_EQ(send(open(1000), {.offset = 500, .count = 100}), 100U);
  EXPECT_EQ(position(), 600);
  EXPECT_EQ(peer->read(100), pattern(1000).substr(500, 100));
  EXPECT_EQ(send(file.get(), {.offset = 900}), 100U);
  EXPECT_EQ(peer->read(100), pattern(1000).substr(900));
}

TEST_F(sendfile, a_count_beyond_the_end_stops_there_and_an_empty_range_sends_nothing_AS_259) {
  connect();
  EXPECT_EQ(send(open(1000), {.offset = 990, .count = 100}), 10U);
  EXPECT_EQ(send(file.get(), {.offset = 1000}), 0U);
  EXPECT_EQ(send(file.get(), {.offset = 5000}), 0U);
  EXPECT_EQ(peer->read(10), pattern(1000).substr(990));
}

TEST_F(sendfile, meanwhile_reading_is_paused_and_write_is_an_error_AS_157_AS_260) {
  connect();
  const auto sending = loop.create_task(loop.sendfile(protocol().transport, open(big)));
  turn();
  EXPECT_FALSE(transport().is_reading());
  EXPECT_EQ(describe(thrown_by([&] { transport().write("x"); })),
            "RuntimeError: unable to write; sendfile is in progress");
  EXPECT_EQ(describe(thrown_by([&] {
              transport().writelines({"x", "y"});
            })),
            "RuntimeError: unable to write; sendfile is in progress");
  EXPECT_EQ(describe(thrown_by([&] { send(file.get()); })),
            "RuntimeError: sendfile is in progress on this transport already");
  std::thread reader([&] { EXPECT_TRUE(peer->read(big) == pattern(big)); });
  EXPECT_EQ(loop.run_until_complete(sending), big);
  reader.join();
  EXPECT_TRUE(transport().is_reading());
  transport().write("after");
  EXPECT_EQ(peer->read(5), "after");
}

TEST_F(sendfile, reading_that_was_paused_stays_paused_AS_260) {
  connect();
  transport().pause_reading();
  send(open(10));
  EXPECT_FALSE(transport().is_reading());
}

TEST_F(sendfile, write_eof_waits_for_the_file_AS_172) {
  connect();
  const auto sending = loop.create_task(loop.sendfile(protocol().transport, open(big)));
  turn();
  transport().write_eof();
  hooks.eof_received = [](Scripted&) { return true; };
  Peer::Rest rest;
  std::thread reader([&] { rest = peer->read_to_end(); });
  EXPECT_EQ(loop.run_until_complete(sending), big);
  reader.join();
  EXPECT_TRUE(rest.bytes == pattern(big));
}

TEST_F(sendfile, on_a_closing_transport_it_is_an_error_AS_257) {
  connect();
  transport().close();
  EXPECT_EQ(refused(open(10)), "RuntimeError: Transport is closing");
}

TEST_F(sendfile, wrong_counts_offsets_and_files_are_refused_by_name_AS_258) {
  connect();
  open(10);
  EXPECT_EQ(refused(file.get(), {.count = 0}), "ValueError: count must be a positive integer (got 0)");
  EXPECT_EQ(refused(file.get(), {.count = -1}), "ValueError: count must be a positive integer (got -1)");
  EXPECT_EQ(refused(file.get(), {.offset = -1}),
            "ValueError: offset must be a non-negative integer (got -1)");
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(refused(null.get()),
            "ValueError: file must be a regular file, descriptor " + std::to_string(null.get()) + " is none");
  EXPECT_THAT(refused(-1), StartsWith("OSError: [Errno 9]"));
}

TEST_F(sendfile, a_file_that_can_not_be_read_leaves_the_connection_as_it_is) {
  connect();
  open(10);
  const UniqueFd write_only(::open(folder.path("file").c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_THAT(refused(write_only.get()), StartsWith("OSError: [Errno 9]"));
  EXPECT_TRUE(transport().is_reading());
  transport().write("fine");
  EXPECT_EQ(peer->read(4), "fine");
}

TEST_F(sendfile, a_connection_lost_meanwhile_is_a_connection_error_AS_262) {
  connect();
  const auto sending = loop.create_task(loop.sendfile(protocol().transport, open(big)));
  turn();
  peer->reset();
  const auto failed = thrown_by([&] { loop.run_until_complete(sending); });
  EXPECT_NE(thrown_by([&] { std::rethrow_exception(failed); }), nullptr);
  EXPECT_THROW(std::rethrow_exception(failed), ConnectionError);
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", testing::AnyOf(StartsWith("CL ConnectionResetError"),
                                                         StartsWith("CL BrokenPipeError"))));
}

// sendfile(2) knows no MSG_NOSIGNAL; SIGPIPE would end the process.
TEST_F(sendfile, a_broken_pipe_is_an_error_and_no_signal_AS_262) {
  connect();
  const auto socket = std::any_cast<TransportSocket>(transport().get_extra_info("socket"));
  ASSERT_EQ(::shutdown(socket.fileno(), SHUT_WR), 0);  // behind the transport's back
  EXPECT_THAT(refused(open(10)), StartsWith("BrokenPipeError: [Errno 32]"));
  sigset_t pending;
  ASSERT_EQ(sigpending(&pending), 0);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
  run_until("CL BrokenPipeError: [Errno 32] Broken pipe");
}

TEST_F(sendfile, after_write_eof_it_is_refused_like_a_write_AS_156) {
  connect();
  transport().write_eof();
  EXPECT_EQ(refused(open(10)), "RuntimeError: Cannot call write() after write_eof()");
  EXPECT_FALSE(transport().is_closing());
  EXPECT_TRUE(transport().is_reading());
}

TEST_F(sendfile, close_and_abort_cut_it_off_with_a_connection_error_AS_262) {
  connect();
  const auto sending = loop.create_task(loop.sendfile(protocol().transport, open(big)));
  turn();
  transport().close();
  EXPECT_EQ(describe(thrown_by([&] { loop.run_until_complete(sending); })),
            "ConnectionError: Connection is closed by peer");
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));
  EXPECT_GT(position(), 0);  // it tells how far the kernel got
}

TEST_F(sendfile, cancelled_it_leaves_the_transport_usable) {
  connect();
  const auto sending = loop.create_task(loop.sendfile(protocol().transport, open(big)));
  turn();
  sending.cancel();
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(sending); })), "CancelledError");
  EXPECT_TRUE(transport().is_reading());
  transport().write("the rest");
  transport().close();
  EXPECT_TRUE(drain().bytes.ends_with("the rest"));
}

TEST_F(sendfile, closing_the_loop_meanwhile_is_safe_AS_285) {
  connect();
  const auto sending = loop.create_task(loop.sendfile(protocol().transport, open(big)));
  turn();
  loop.close();
  EXPECT_FALSE(sending.done());
}

// ---- where the kernel can't

class SendfileFallback : public Sendfile {
 protected:
  std::uint64_t send_indirectly(int descriptor, SendfileOptions options = {}) {
    indirect = std::make_shared<Indirect>(protocol().transport);
    return loop.run_until_complete(loop.sendfile(indirect, descriptor, options));
  }
  std::shared_ptr<Indirect> indirect;
};
using sendfile_fallback = SendfileFallback;

TEST_F(sendfile_fallback, blocks_of_16_kib_are_read_and_written_under_flow_control_AS_261) {
  connect();
  std::string got;
  std::thread reader([&] { got = peer->read(big); });
  EXPECT_EQ(send_indirectly(open(big)), big);
  look_until([&] { return transport().get_write_buffer_size() == 0; });
  reader.join();
  EXPECT_TRUE(got == pattern(big));
  EXPECT_EQ(indirect->largest_write, 16U * 1024U);
  EXPECT_EQ(position(), static_cast<off_t>(big));
  EXPECT_EQ(transport().get_protocol(), protocols.at(0));
  EXPECT_TRUE(transport().is_reading());
}

TEST_F(sendfile_fallback, memory_stays_bounded_while_the_peer_does_not_read_AS_261) {
  connect();
  const auto through = std::make_shared<Indirect>(protocol().transport);
  const auto sending = loop.create_task(loop.sendfile(through, open(big)));
  look_until([&] { return through->protocol_paused(); });
  turn(50);
  EXPECT_LE(transport().get_write_buffer_size(), 65536U + 16384U);
  sending.cancel();
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(sending); })), "CancelledError");
  EXPECT_THAT(events(), Contains("PW"));  // the owner learns that it may not write yet
  transport().abort();
  run_until("CL");
}

TEST_F(sendfile_fallback, offset_and_count_select_the_range_AS_259_AS_261) {
  connect();
  EXPECT_EQ(send_indirectly(open(100000), {.offset = 500, .count = 50000}), 50000U);
  EXPECT_EQ(position(), 50500);
  EXPECT_TRUE(peer->read(50000) == pattern(100000).substr(500, 50000));
}

TEST_F(sendfile_fallback, without_fallback_it_is_an_error_AS_261) {
  connect();
  EXPECT_EQ(
      describe(thrown_by([&] { send_indirectly(open(10), {.fallback = false}); })),
      "RuntimeError: fallback is disabled and native sendfile is not supported for transport <Transport>");
}

TEST_F(sendfile_fallback, a_connection_lost_meanwhile_is_a_connection_error_and_the_owner_is_told_AS_262) {
  connect();
  const auto through = std::make_shared<Indirect>(protocol().transport);
  const auto sending = loop.create_task(loop.sendfile(through, open(big)));
  look_until([&] { return through->protocol_paused(); });
  trace.clear();
  peer->reset();
  EXPECT_THROW(loop.run_until_complete(sending), ConnectionError);
  EXPECT_THAT(events(), Contains(StartsWith("CL Connection")));
}

TEST_F(sendfile_fallback, an_owner_that_was_paused_is_resumed_afterwards_AS_123) {
  connect();
  const std::string text = pattern(big);
  transport().write(text);
  ASSERT_EQ(trace.count("PW"), 1U);
  std::string got;
  std::thread reader([&] { got = peer->read(text.size() + big); });
  EXPECT_EQ(send_indirectly(open(big)), big);
  run_until("RW");
  look_until([&] { return transport().get_write_buffer_size() == 0; });
  reader.join();
  EXPECT_TRUE(got == text + pattern(big));
  EXPECT_EQ(trace.count("PW"), trace.count("RW"));
}

}  // namespace
}  // namespace antiphon::asio_style::test
