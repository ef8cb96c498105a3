#include <fcntl.h>
#include <gmock/gmock.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include "tls_support.hpp"

namespace antiphon::asio_style::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class tls_flow : public TlsBench {
 protected:
  /// A connection whose peer reads nothing until told to.
  void connect_slow_peer() {
    listen_tls();
    beside([this] {
      slow_.emplace(Peer(port(), 16 * 1024), client_context());
      slow_->handshake();
      ASSERT_TRUE(trace.wait("CM"));
    });
  }
  /// Writes until something waits in the TLS layer.
  void fill() {
    while (transport().get_write_buffer_size() == 0) transport().write(pattern(1024 * 1024));
  }
  /// The peer reads everything and says close_notify.
  void drain() {
    beside([this] {
      loop.call_soon_threadsafe([this] { transport().close(); });
      text_ = slow_->read_to_end().bytes;
      slow_->close_notify();
    });
    run_until("CL");
  }
  /// What a peer gets of a file that holds `text`. `send` sends it in the loop, and tells the trace when it
  /// was "sent"; until then the peer says nothing.
  using Send = Task<void>(EventLoop& on, std::shared_ptr<Transport> to, int from, Trace& log);
  std::string transferred(const std::string& text, Send* send) {
    const test_support::TemporaryFolder folder;
    file_.reset(::open(folder.add("file", text).c_str(), O_RDONLY | O_CLOEXEC));
    listen_tls();
    std::string answer;
    with_peer([&](TlsPeer& peer) {
      ASSERT_TRUE(trace.wait("CM"));
      loop.call_soon_threadsafe(
          [&] { loop.create_task(send(loop, protocol().transport, file_.get(), trace)); });
      answer = peer.read(text.size());
      ASSERT_TRUE(trace.wait("sent"));
      peer.close_notify();
      static_cast<void>(peer.read_to_end());
    });
    return answer;
  }

  detail::UniqueFd file_;
  std::optional<TlsPeer> slow_;
  std::string text_;
};

TEST_F(tls_flow, AS_238_the_limits_are_512_and_128_kib_from_the_start) {
  hooks.connection_made = [](Scripted& it) {
    EXPECT_EQ(it.transport->get_write_buffer_limits(), std::pair(128UL * 1024, 512UL * 1024));
    it.transport->set_write_buffer_limits(1000);
    EXPECT_EQ(it.transport->get_write_buffer_limits(), std::pair(250UL, 1000UL));
    it.transport->set_write_buffer_limits(std::nullopt, 100);
    EXPECT_EQ(it.transport->get_write_buffer_limits(), std::pair(100UL, 400UL));
    it.transport->set_write_buffer_limits();
    EXPECT_EQ(it.transport->get_write_buffer_limits(), std::pair(128UL * 1024, 512UL * 1024));
    EXPECT_THROW(it.transport->set_write_buffer_limits(1, 2), ValueError);
  };
  listen_tls();
  with_peer([](TlsPeer& peer) { peer.close_notify(); });
}

TEST_F(tls_flow, AS_237_the_direction_can_not_be_ended) {
  hooks.connection_made = [](Scripted& it) {
    EXPECT_FALSE(it.transport->can_write_eof());
    EXPECT_EQ(describe(thrown_by([&] { it.transport->write_eof(); })), "NotImplementedError");
  };
  listen_tls();
  with_peer([](TlsPeer& peer) { peer.close_notify(); });
}

// AS-241: the first big write goes down whole; what follows counts. PW inside write, RW from the loop.
TEST_F(tls_flow, AS_241_only_what_is_written_after_the_transport_below_paused_counts) {
  connect_slow_peer();
  transport().write(pattern(big));
  EXPECT_EQ(transport().get_write_buffer_size(), 0U);
  EXPECT_EQ(trace.count("PW"), 0U);
  transport().write(pattern(600 * 1024));
  EXPECT_GT(transport().get_write_buffer_size(), 600U * 1024);
  EXPECT_LT(transport().get_write_buffer_size(), 610U * 1024);
  EXPECT_THAT(events(), ElementsAre("CM", "PW"));
  transport().write(pattern(1000));
  EXPECT_THAT(events(), ElementsAre("CM", "PW"));
  hooks.resume_writing = [](Scripted& it) { EXPECT_EQ(it.transport->get_write_buffer_size(), 0U); };
  drain();
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "ER", "CL None"));
  EXPECT_TRUE(text_ == pattern(big) + pattern(600 * 1024) + pattern(1000));
}

TEST_F(tls_flow, AS_239_a_buffer_exactly_at_the_high_mark_pauses) {
  connect_slow_peer();
  transport().set_write_buffer_limits(std::size_t{1} << 40);
  fill();
  const auto size = transport().get_write_buffer_size();
  transport().set_write_buffer_limits(size + 1, 0);
  EXPECT_EQ(trace.count("PW"), 0U);
  transport().set_write_buffer_limits(size, 0);
  EXPECT_EQ(trace.count("PW"), 1U);
  drain();
  EXPECT_EQ(trace.count("RW"), 1U);
}

// AS-240 in asyncio's order, as recorded: each flow check of an empty buffer turns the pause on or off.
TEST_F(tls_flow, AS_240_a_high_mark_of_zero_pauses_an_idle_transport_and_the_next_check_resumes_it) {
  hooks.connection_made = [this](Scripted& it) {
    it.transport->set_write_buffer_limits(0);
    EXPECT_THAT(events(), ElementsAre("CM", "PW"));
    it.transport->write("ten octets");
    EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW"));
  };
  listen_tls();
  with_peer([](TlsPeer& peer) {
    EXPECT_EQ(peer.read(10), "ten octets");
    peer.close_notify();
  });
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "PW", "ER", "RW", "PW", "RW", "CL None"));
}

TEST_F(tls_flow, AS_240_abort_ends_the_flow_checks) {
  hooks.data_received = [](Scripted& it) {
    it.transport->abort();
    it.transport->set_write_buffer_limits(0);
  };
  listen_tls();
  with_peer([](TlsPeer& peer) { peer.send("?"); });
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "CL None"));
}

TEST_F(tls_flow, AS_239_a_high_mark_of_one_pauses_for_any_waiting_octet_and_never_for_none) {
  connect_slow_peer();
  transport().set_write_buffer_limits(1);
  transport().write("not waiting");
  EXPECT_EQ(trace.count("PW"), 0U);
  fill();
  EXPECT_EQ(trace.count("PW"), 1U);
  drain();
  EXPECT_THAT(events(), ElementsAre("CM", "PW", "RW", "ER", "CL None"));
}

TEST_F(tls_flow, exceptions_in_pause_and_resume_writing_are_reported_and_change_nothing) {
  hooks.pause_writing = [](Scripted&) { throw std::runtime_error("boom"); };
  hooks.resume_writing = hooks.pause_writing;
  connect_slow_peer();
  transport().set_write_buffer_limits(1);
  fill();
  drain();
  EXPECT_THAT(events(),
              ElementsAre("CM", "PW", "handler protocol.pause_writing() failed: runtime_error: boom", "RW",
                          "handler protocol.resume_writing() failed: runtime_error: boom", "ER", "CL None"));
}

// AS-242: cipher text is read on, to 256 KiB, then the peer is stopped.
TEST_F(tls_flow, AS_242_pause_reading_holds_back_delivery_and_at_256_kib_the_peer) {
  hooks.connection_made = [](Scripted& it) {
    it.transport->pause_reading();
    it.transport->pause_reading();
    EXPECT_FALSE(it.transport->is_reading());
  };
  listen_tls();
  const std::string text = pattern(20 * 1024 * 1024);
  std::atomic<std::size_t> sent = 0;
  std::thread resumer;
  with_peer([&](TlsPeer& peer) {
    ASSERT_TRUE(trace.wait("CM"));
    // Far more than any kernel keeps; the loop resumes when nothing more goes through.
    resumer = std::thread([&] {
      std::size_t before = 1;
      while (before != sent) {
        before = sent;
        std::this_thread::sleep_for(100ms);
      }
      EXPECT_LT(sent, text.size());
      loop.call_soon_threadsafe([this] {
        EXPECT_EQ(protocol().received.size(), 0U);
        transport().resume_reading();
        EXPECT_TRUE(transport().is_reading());
        EXPECT_EQ(protocol().received.size(), 0U) << "delivered inside resume_reading";
      });
    });
    for (std::size_t at = 0; at < text.size(); at += 16384) {
      peer.send(std::string_view(text).substr(at, 16384));
      sent = std::min(at + 16384, text.size());
    }
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  resumer.join();
  EXPECT_TRUE(protocol().received == text);
  EXPECT_LE(protocol().largest, 256U * 1024);
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(tls_flow, AS_242_data_and_the_end_wait_for_resume_reading) {
  hooks.data_received = [this](Scripted& it) {
    if (it.received.size() > 5) return;
    it.transport->pause_reading();
    loop.call_later(30ms, [this] {
      trace.add("resume");
      transport().resume_reading();
    });
  };
  listen_tls();
  with_peer([this](TlsPeer& peer) {
    peer.send("first");
    ASSERT_TRUE(trace.wait("DR"));
    peer.send("second");
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  EXPECT_EQ(protocol().received, "firstsecond");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "resume", "DR", "ER", "CL None"));
}

TEST_F(tls_flow, a_truncation_while_paused_waits_for_resume_reading_too) {
  hooks.data_received = [this](Scripted& it) {
    if (it.received.size() > 5) return;
    it.transport->pause_reading();
    loop.call_later(30ms, [this] { transport().resume_reading(); });
  };
  listen_tls();
  with_peer([this](TlsPeer& peer) {
    peer.send("first");
    ASSERT_TRUE(trace.wait("DR"));
    peer.send("second");
    peer.tcp().close();
  });
  EXPECT_EQ(protocol().received, "firstsecond");
  EXPECT_THAT(events().back(), HasSubstr("SSLEOFError"));
}

TEST_F(tls_flow, big_data_goes_both_ways_whole) {
  const std::string text = pattern(5 * 1024 * 1024);
  hooks.data_received = [&](Scripted& it) {
    if (it.received.size() == text.size()) it.transport->write(it.received);
  };
  listen_tls();
  std::string answer;
  with_peer([&](TlsPeer& peer) {
    peer.send(text);
    answer = peer.read(text.size());
    peer.close_notify();
  });
  EXPECT_TRUE(protocol().received == text);
  EXPECT_TRUE(answer == text);
}

TEST_F(tls_flow, writelines_of_small_parts_is_one_record_and_big_ones_arrive_whole) {
  const std::string large = pattern(100'000);
  hooks.connection_made = [&](Scripted& it) {
    it.transport->writelines({"HTTP/1.1 200 OK\r\n", "\r\n", "", "body"});
    it.transport->writelines({"a", large, "b"});
    it.transport->writelines(std::initializer_list<std::string_view>{});
  };
  listen_tls();
  std::string first;
  std::string rest;
  with_peer([&](TlsPeer& peer) {
    first = peer.read(23);
    rest = peer.read(large.size() + 2);
    peer.close_notify();
  });
  EXPECT_EQ(first, "HTTP/1.1 200 OK\r\n\r\nbody");
  EXPECT_TRUE(rest == "a" + large + "b");
}

/// Reads into its own small room.
class SmallRoom : public BufferedProtocol {
 public:
  explicit SmallRoom(Trace& trace) : trace_(&trace) {}
  void connection_made(std::shared_ptr<Transport> made) override {
    transport = std::move(made);
    trace_->add("CM");
  }
  std::span<std::byte> get_buffer(std::ptrdiff_t sizehint) override {
    EXPECT_GE(sizehint, 0);
    if (on_buffer) on_buffer();
    return std::span(room_).first(give_);
  }
  void buffer_updated(std::size_t nbytes) override {
    received.append(reinterpret_cast<const char*>(room_.data()), nbytes);
  }
  bool eof_received() override {
    trace_->add("ER");
    return false;
  }
  void connection_lost(std::exception_ptr exc) override { trace_->add("CL " + describe(exc)); }

  std::string received;
  std::shared_ptr<Transport> transport;
  std::function<void()> on_buffer;
  void give(std::size_t size) { give_ = size; }

 private:
  Trace* trace_;
  std::array<std::byte, 1000> room_{};
  std::size_t give_ = 1000;
};

TEST_F(tls_flow, a_buffered_protocol_gets_everything_in_its_own_memory) {
  const auto protocol = std::make_shared<SmallRoom>(trace);
  server = loop.run_until_complete(
      loop.create_server([&] { return protocol; }, "127.0.0.1", 0, {.ssl = server_context()}));
  const std::string text = pattern(300'000);
  with_peer([&](TlsPeer& peer) {
    peer.send(text);
    peer.close_notify();
  });
  EXPECT_TRUE(protocol->received == text);
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(tls_flow, a_buffered_protocol_that_pauses_or_gives_no_buffer_is_treated_as_on_tcp) {
  const auto protocol = std::make_shared<SmallRoom>(trace);
  server = loop.run_until_complete(
      loop.create_server([&] { return protocol; }, "127.0.0.1", 0, {.ssl = server_context()}));
  protocol->on_buffer = [&] { protocol->give(0); };
  with_peer([&](TlsPeer& peer) {
    peer.send("x");
    static_cast<void>(peer.read_to_end());
  });
  EXPECT_THAT(
      events(),
      ElementsAre("CM",
                  "handler Fatal error on SSL protocol: RuntimeError: get_buffer() returned an empty buffer",
                  "CL RuntimeError: get_buffer() returned an empty buffer"));
}

TEST_F(tls_flow, set_protocol_in_mid_connection_sends_what_follows_to_the_new_one) {
  const auto second = std::make_shared<SmallRoom>(trace);
  hooks.data_received = [&](Scripted& it) {
    it.transport->set_protocol(second);
    EXPECT_EQ(it.transport->get_protocol(), second);
    EXPECT_THROW(it.transport->set_protocol(std::make_shared<BaseProtocol>()), TypeError);
    it.transport->write("go on");
  };
  listen_tls();
  with_peer([&](TlsPeer& peer) {
    peer.send("first");
    EXPECT_EQ(peer.read(5), "go on");
    peer.send("second");
    peer.close_notify();
  });
  EXPECT_EQ(protocol().received, "first");
  EXPECT_EQ(second->received, "second");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

// AS-261: TLS has no native sendfile.
TEST_F(tls_flow, AS_261_a_file_is_sent_in_blocks_or_refused_without_fallback) {
  const std::string text = pattern(1'000'000);
  const std::string answer =
      transferred(text, [](EventLoop& on, std::shared_ptr<Transport> to, int from, Trace& log) -> Task<void> {
        try {
          auto refused = on.sendfile(to, from, {.fallback = false});
          static_cast<void>(co_await refused);
        } catch (const RuntimeError& error) {
          log.add(std::string(error.what()).substr(0, 32));
        }
        auto sending = on.sendfile(to, from);
        log.add("sent " + std::to_string(co_await sending));
      });
  EXPECT_TRUE(answer == text);
  EXPECT_EQ(::lseek(file_.get(), 0, SEEK_CUR), 1'000'000);
  EXPECT_THAT(events(),
              ElementsAre("CM", "fallback is disabled and native ", "sent 1000000", "ER", "CL None"));
}

TEST_F(tls_flow, AS_240_a_high_mark_of_zero_does_not_hold_up_a_file) {
  const std::string text = pattern(100'000);
  hooks.connection_made = [](Scripted& it) { it.transport->set_write_buffer_limits(0); };
  const std::string answer =
      transferred(text, [](EventLoop& on, std::shared_ptr<Transport> to, int from, Trace& log) -> Task<void> {
        auto sending = on.sendfile(to, from);
        log.add("sent " + std::to_string(co_await sending));
      });
  EXPECT_TRUE(answer == text);
}

}  // namespace
}  // namespace antiphon::asio_style::test
