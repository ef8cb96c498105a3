#include <gmock/gmock.h>

#include "tls_support.hpp"

namespace antiphon::asio_style::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::StartsWith;

using End = TlsPeer::End;
constexpr const char* truncation =
    "CL SSLEOFError: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol";

class tls_ends : public TlsBench {};

// AS-228, AS-245: close_notify is ER; the transport closes itself; CL one turn later.
TEST_F(tls_ends, AS_228_AS_245_a_close_notify_gives_eof_received_then_connection_lost_and_is_answered) {
  hooks.eof_received = [this](Scripted& it) {
    EXPECT_FALSE(it.transport->is_closing());
    it.transport->write("goodbye");
    loop.call_soon([this, transport = it.transport] {
      trace.add(transport->is_closing() ? "soon closing" : "soon open");
    });
    return false;
  };
  listen_tls();
  TlsPeer::Rest rest;
  with_peer([&](TlsPeer& peer) {
    peer.send("hello");
    peer.close_notify();
    rest = peer.read_to_end();
  });
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "soon closing", "CL None"));
  EXPECT_EQ(rest.bytes, "goodbye");
  EXPECT_EQ(rest.end, End::close_notify);
}

TEST_F(tls_ends, AS_229_keeping_it_open_has_no_effect_but_a_warning) {
  hooks.eof_received = [](Scripted&) { return true; };
  listen_tls();
  with_peer([](TlsPeer& peer) { peer.close_notify(); });
  EXPECT_THAT(events(),
              ElementsAre("CM", "ER", "log returning true from eof_received() has no effect when using ssl",
                          "CL None"));
}

// AS-230 is not followed (U-30): without close_notify there is no ER, and CL says so.
TEST_F(tls_ends, AS_230_an_end_without_close_notify_is_no_eof_and_told_as_an_error) {
  listen_tls();
  TlsPeer::Rest rest;
  with_peer([&](TlsPeer& peer) {
    peer.send("not all of it");
    ASSERT_TRUE(trace.wait("DR"));
    peer.tcp().shutdown_write();
    rest = peer.read_to_end();
  });
  EXPECT_THAT(events(), ElementsAre("CM", "DR", truncation));
  EXPECT_EQ(rest.end, End::eof);
}

TEST_F(tls_ends, AS_230_a_context_may_let_it_count_as_an_end_as_in_python) {
  CreateServerOptions options;
  SSLContext context = server_context();
  context.ignore_unexpected_eof(true);
  options.ssl = context;
  listen_tls(options);
  with_peer([&](TlsPeer& peer) {
    peer.send("all of it?");
    ASSERT_TRUE(trace.wait("DR"));
    peer.tcp().shutdown_write();
    static_cast<void>(peer.read_to_end());
  });
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(tls_ends, AS_230_what_was_written_before_a_truncation_is_still_sent) {
  const std::string text = pattern(3 * 1024 * 1024);
  hooks.data_received = [&](Scripted& it) {
    it.transport->write(text);
    it.transport->write(text);
  };
  listen_tls();
  TlsPeer::Rest rest;
  beside([&] {
    auto peer = make_peer(16 * 1024);
    peer.handshake();
    peer.send("?");
    ASSERT_TRUE(trace.wait("DR"));
    peer.tcp().shutdown_write();
    rest = peer.read_to_end();
  });
  run_until("CL");
  EXPECT_TRUE(rest.bytes == text + text);
  EXPECT_EQ(events().back(), truncation);
}

TEST_F(tls_ends, AS_231_a_reset_is_told_as_one_without_eof_received) {
  listen_tls();
  with_peer([this](TlsPeer& peer) {
    ASSERT_TRUE(trace.wait("CM"));
    peer.tcp().reset();
  });
  EXPECT_THAT(events(), ElementsAre("CM", "CL ConnectionResetError: [Errno 104] Connection reset by peer"));
}

// AS-232, AS-233: everything is sent, then close_notify; its answer gives ER, as in asyncio.
TEST_F(tls_ends, AS_232_AS_233_close_sends_everything_and_close_notify_and_waits_for_the_answer) {
  const std::string text = pattern(4 * 1024 * 1024);
  hooks.data_received = [&](Scripted& it) {
    it.transport->write(text);
    it.transport->close();
    EXPECT_TRUE(it.transport->is_closing());
    EXPECT_FALSE(it.transport->is_reading());
  };
  listen_tls();
  TlsPeer::Rest rest;
  beside([&] {
    auto peer = make_peer(16 * 1024);
    peer.handshake();
    peer.send("?");
    rest = peer.read_to_end();
    EXPECT_EQ(trace.count("CL"), 0U);
    peer.close_notify();
  });
  run_until("CL");
  EXPECT_TRUE(rest.bytes == text);
  EXPECT_EQ(rest.end, End::close_notify);
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(tls_ends, AS_232_close_in_connection_made_is_a_clean_close_too) {
  hooks.connection_made = [](Scripted& it) { it.transport->close(); };
  listen_tls();
  End end = End::reset;
  with_peer([&](TlsPeer& peer) {
    end = peer.read_to_end().end;
    peer.close_notify();
  });
  EXPECT_EQ(end, End::close_notify);
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(tls_ends, AS_232_an_answer_by_mere_end_of_file_is_enough_after_our_close) {
  hooks.data_received = [](Scripted& it) { it.transport->close(); };
  listen_tls();
  with_peer([](TlsPeer& peer) {
    peer.send("?");
    static_cast<void>(peer.read_to_end());
    peer.tcp().close();
  });
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "CL None"));
}

TEST_F(tls_ends, AS_232_a_mere_end_after_our_close_is_told_where_it_counts_as_one) {
  CreateServerOptions options;
  SSLContext context = server_context();
  context.ignore_unexpected_eof(true);  // AS-230
  options.ssl = context;
  hooks.data_received = [](Scripted& it) { it.transport->close(); };
  listen_tls(options);
  with_peer([](TlsPeer& peer) {
    peer.send("?");
    static_cast<void>(peer.read_to_end());
    peer.tcp().close();
  });
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

// AS-234 is not followed (U-31): late data is no error, and not delivered.
TEST_F(tls_ends, AS_234_data_that_crosses_our_close_is_discarded_and_is_no_error) {
  hooks.data_received = [](Scripted& it) { it.transport->close(); };
  listen_tls();
  TlsPeer::Rest rest;
  with_peer([&](TlsPeer& peer) {
    peer.send("?");
    ASSERT_TRUE(trace.wait("DR"));
    peer.send(std::string(100'000, 'x'));
    peer.close_notify();
    rest = peer.read_to_end();
  });
  EXPECT_EQ(protocol().received, "?");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
  EXPECT_EQ(rest.end, End::close_notify);
}

TEST_F(tls_ends, AS_234_data_held_back_by_a_pause_is_not_delivered_after_a_close) {
  hooks.connection_made = [](Scripted& it) { it.transport->pause_reading(); };
  listen_tls();
  with_peer([this](TlsPeer& peer) {
    peer.send("never read");
    peer.close_notify();
    ASSERT_TRUE(trace.wait("CM"));
    loop.call_soon_threadsafe([this] { loop.call_later(20ms, [this] { transport().close(); }); });
    static_cast<void>(peer.read_to_end());
  });
  EXPECT_EQ(protocol().received, "");
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(tls_ends, AS_235_a_peer_that_never_answers_is_dropped_with_a_timeout_error) {
  hooks.data_received = [](Scripted& it) { it.transport->close(); };
  listen_tls({.ssl_shutdown_timeout = 50ms});
  with_peer([this](TlsPeer& peer) {
    peer.send("?");
    ASSERT_TRUE(trace.wait("CL"));
  });
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "CL TimeoutError: SSL shutdown timed out"));
}

TEST_F(tls_ends, AS_235_a_peer_that_does_not_even_read_is_dropped_too) {
  hooks.data_received = [](Scripted& it) {
    for (int i = 0; i < 4; ++i) it.transport->write(pattern(big));
    it.transport->close();
  };
  listen_tls({.ssl_shutdown_timeout = 50ms});
  beside([this] {
    auto peer = make_peer(16 * 1024);
    peer.handshake();
    peer.send("?");
    ASSERT_TRUE(trace.wait("CL"));
  });
  EXPECT_EQ(events().back(), "CL TimeoutError: SSL shutdown timed out");
}

TEST_F(tls_ends, AS_236_abort_drops_everything_without_close_notify) {
  hooks.data_received = [](Scripted& it) {
    it.transport->write("sent at once");
    it.transport->abort();
    EXPECT_TRUE(it.transport->is_closing());
    it.transport->abort();
  };
  listen_tls();
  TlsPeer::Rest rest;
  with_peer([&](TlsPeer& peer) {
    peer.send("?");
    rest = peer.read_to_end();
  });
  EXPECT_EQ(rest.bytes, "sent at once");
  EXPECT_NE(rest.end, End::close_notify);
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "CL None"));
}

// AS-244 is not followed (U-32).
TEST_F(tls_ends, AS_244_a_second_close_is_harmless_and_so_is_everything_after_it) {
  hooks.data_received = [](Scripted& it) {
    it.transport->close();
    it.transport->close();
    EXPECT_TRUE(it.transport->is_closing());
    it.transport->write("hello");
    EXPECT_FALSE(it.transport->is_reading());
    EXPECT_EQ(it.transport->get_write_buffer_size(), 0U);
    it.transport->pause_reading();
    it.transport->resume_reading();
  };
  listen_tls();
  End end = End::reset;
  with_peer([&](TlsPeer& peer) {
    peer.send("?");
    end = peer.read_to_end().end;
    peer.close_notify();
  });
  EXPECT_EQ(end, End::close_notify);
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(tls_ends, AS_246_an_exception_in_data_received_is_reported_and_ends_the_connection) {
  hooks.data_received = [](Scripted&) { throw std::runtime_error("boom"); };
  listen_tls();
  with_peer([](TlsPeer& peer) {
    peer.send("?");
    EXPECT_EQ(peer.read_to_end().end, End::eof);
  });
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "handler Fatal error on SSL protocol: runtime_error: boom",
                                    "CL runtime_error: boom"));
}

TEST_F(tls_ends, AS_246_the_report_names_message_exception_transport_and_protocol) {
  std::vector<std::string_view> keys;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
    keys = context.keys();
    EXPECT_EQ(context.protocol, protocols.at(0));
    EXPECT_EQ(context.transport, protocols.at(0)->transport);
  });
  hooks.data_received = [](Scripted&) { throw std::runtime_error("boom"); };
  listen_tls();
  with_peer([](TlsPeer& peer) {
    peer.send("?");
    static_cast<void>(peer.read_to_end());
  });
  EXPECT_THAT(keys, ElementsAre("exception", "message", "protocol", "transport"));
}

TEST_F(tls_ends, an_exception_in_eof_received_ends_the_connection_with_it) {
  hooks.eof_received = [](Scripted&) -> bool { throw std::runtime_error("boom"); };
  listen_tls();
  with_peer([](TlsPeer& peer) { peer.close_notify(); });
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "handler Error calling eof_received(): runtime_error: boom",
                                    "CL runtime_error: boom"));
}

TEST_F(tls_ends, forged_octets_end_the_connection_with_an_ssl_error_and_an_alert) {
  listen_tls();
  std::string error;
  with_peer([&](TlsPeer& peer) {
    ASSERT_TRUE(trace.wait("CM"));
    peer.tcp().send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
    try {
      static_cast<void>(peer.read_to_end());
    } catch (const std::runtime_error& told) {
      error = told.what();
    }
  });
  EXPECT_THAT(error, testing::HasSubstr("bad record mac"));
  EXPECT_THAT(events(),
              ElementsAre("CM", StartsWith("CL SSLError: [SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC]")));
}

// cpython 118950: a write error beneath TLS.
TEST_F(tls_ends, a_write_error_beneath_tls_is_told_by_connection_lost_once) {
  // The reset is there before the write and before the next read.
  hooks.data_received = [this](Scripted& it) {
    ASSERT_TRUE(trace.wait("reset"));
    it.transport->write(pattern(100'000));
    it.transport->write(pattern(100'000));
  };
  listen_tls();
  with_peer([this](TlsPeer& peer) {
    peer.send("?");
    ASSERT_TRUE(trace.wait("DR"));
    peer.tcp().reset();
    trace.add("reset");
  });
  turn(20);
  EXPECT_EQ(trace.count("CL"), 1U);
  EXPECT_THAT(events().back(),
              testing::AnyOf(StartsWith("CL ConnectionResetError"), StartsWith("CL BrokenPipeError")));
  EXPECT_EQ(trace.count("handler"), 0U);
}

TEST_F(tls_ends, AS_243_writes_after_a_close_are_dropped_and_warned_about_from_the_sixth_on) {
  hooks.data_received = [](Scripted& it) {
    it.transport->close();
    for (int i = 0; i < 8; ++i) it.transport->write("dropped");
  };
  listen_tls();
  TlsPeer::Rest rest;
  with_peer([&](TlsPeer& peer) {
    peer.send("?");
    rest = peer.read_to_end();
    peer.close_notify();
  });
  EXPECT_EQ(rest.bytes, "");
  EXPECT_THAT(events(),
              ElementsAre("CM", "DR", "log SSL connection is closed", "log SSL connection is closed",
                          "log SSL connection is closed", "ER", "CL None"));
}

TEST_F(tls_ends, a_transport_kept_after_the_loss_answers_everything_and_does_nothing) {
  listen_tls();
  with_peer([](TlsPeer& peer) { peer.close_notify(); });
  auto& dead = transport();
  EXPECT_TRUE(dead.is_closing());
  EXPECT_FALSE(dead.is_reading());
  EXPECT_EQ(dead.get_protocol(), nullptr);
  dead.write("nothing");
  dead.close();
  dead.abort();
  dead.pause_reading();
  dead.resume_reading();
  dead.set_write_buffer_limits(10, 5);
  dead.set_protocol(protocols.at(0));
  turn(20);
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(tls_ends, close_clients_says_close_notify_and_cuts_off_those_in_mid_handshake) {
  listen_tls();
  End end = End::reset;
  beside([&] {
    const Peer silent(port());
    auto peer = make_peer();
    peer.handshake();
    ASSERT_TRUE(trace.wait("CM"));
    loop.call_soon_threadsafe([this] { server->close_clients(); });
    end = peer.read_to_end().end;
    peer.close_notify();
    EXPECT_EQ(silent.read_to_end().bytes, "");
  });
  run_until("CL");
  EXPECT_EQ(end, End::close_notify);
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(tls_ends, the_server_counts_a_tls_connection_until_its_end) {
  listen_tls();
  bool lost = false;
  hooks.connection_lost = [&](Scripted&) { lost = true; };
  const auto waiting = loop.create_task(server->wait_closed());
  beside([&] {
    auto peer = make_peer();
    peer.handshake();
    ASSERT_TRUE(trace.wait("CM"));
    loop.call_soon_threadsafe([this] { server->close(); });
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  loop.run_until_complete(waiting);
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace antiphon::asio_style::test
