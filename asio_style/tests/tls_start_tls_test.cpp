#include <gmock/gmock.h>
#include <sys/socket.h>

#include "tls_support.hpp"

namespace antiphon::asio_style::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::StartsWith;

/// A plain connection on which the peer has said one octet: the moment to go on in TLS.
class start_tls : public TlsBench {
 protected:
  /// The server's side; the result is recorded as "upgraded" or "refused <error>", the transport kept.
  void upgrade_on_first_octet(StartTlsOptions options = {.server_side = true},
                              std::optional<SSLContext> context = std::nullopt) {
    hooks.data_received = [this, options, context = context.value_or(server_context())](Scripted& it) {
      if (it.received.size() > 1) {
        came_before_the_return_ = trace.count("upgraded") == 0;
        return;
      }
      loop.create_task(upgrade(*this, it, context, options));
    };
    listen();
  }
  static Task<void> upgrade(start_tls& test, Scripted& it, SSLContext context, StartTlsOptions options) {
    try {
      auto upgrading = test.loop.start_tls(it.transport, it.shared(), context, options);
      it.transport = co_await upgrading;
      test.trace.add("upgraded");
      if (test.then_) test.then_(it);
    } catch (const std::exception&) {
      test.trace.add("refused " + describe(std::current_exception()));
    }
  }
  /// What start_tls throws for a connection that is there.
  std::string refusal(std::shared_ptr<Transport> of, StartTlsOptions options) {
    return describe(thrown_by([&] {
      loop.run_until_complete(
          loop.start_tls(std::move(of), protocols.at(0), server_context(), std::move(options)));
    }));
  }
  TlsPeer plain_peer() { return {Peer(port()), client_context()}; }

  std::function<void(Scripted&)> then_;
  bool came_before_the_return_ = false;
};

// AS-249, AS-250, AS-255.
TEST_F(start_tls, AS_249_AS_250_the_connection_goes_on_in_tls_with_the_returned_transport) {
  then_ = [](Scripted& it) {
    EXPECT_TRUE(it.transport->get_extra_info("ssl_object").has_value());
    it.transport->write("in tls");
  };
  upgrade_on_first_octet();
  std::string answer;
  beside([&] {
    auto peer = plain_peer();
    peer.tcp().send("?");
    ASSERT_TRUE(trace.wait("DR"));
    peer.handshake();
    answer = peer.read(6);
    peer.send("more");
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  run_until("CL");
  EXPECT_EQ(answer, "in tls");
  EXPECT_EQ(protocol().received, "?more");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "upgraded", "DR", "ER", "CL None"));
}

TEST_F(start_tls, AS_248_what_can_not_carry_tls_is_a_type_error) {
  class Other : public Transport {
   public:
    void write(std::span<const std::byte>) override {}
    void writelines(std::span<const std::span<const std::byte>>) override {}
    void write_eof() override {}
    [[nodiscard]] bool can_write_eof() const override { return false; }
    void close() override {}
    void abort() override {}
    [[nodiscard]] bool is_closing() const override { return false; }
    void pause_reading() override {}
    void resume_reading() override {}
    [[nodiscard]] bool is_reading() const override { return true; }
    void set_write_buffer_limits(std::optional<std::size_t>, std::optional<std::size_t>) override {}
    [[nodiscard]] std::pair<std::size_t, std::size_t> get_write_buffer_limits() const override { return {}; }
    [[nodiscard]] std::size_t get_write_buffer_size() const override { return 0; }
    void set_protocol(std::shared_ptr<BaseProtocol>) override {}
    [[nodiscard]] std::shared_ptr<BaseProtocol> get_protocol() const override { return nullptr; }
    [[nodiscard]] std::any get_extra_info(std::string_view, std::any) const override { return {}; }
  };
  listen();
  const Peer peer(port());
  run_until("CM");
  EXPECT_THAT(refusal(std::make_shared<Other>(), {.server_side = true}),
              testing::AllOf(StartsWith("TypeError: transport "),
                             testing::HasSubstr("is not supported by start_tls()")));
  EXPECT_THAT(refusal(nullptr, {.server_side = true}), StartsWith("TypeError: transport None"));
}

TEST_F(start_tls, AS_226_AS_255_bad_arguments_are_refused_and_the_connection_lives_on) {
  listen();
  const Peer peer(port());
  run_until("CM");
  const auto transport = protocol().transport;
  EXPECT_EQ(refusal(transport, {.server_side = true, .ssl_handshake_timeout = 0s}),
            "ValueError: ssl_handshake_timeout should be a positive number, got 0");
  EXPECT_EQ(refusal(transport, {.server_side = true, .ssl_shutdown_timeout = -1s}),
            "ValueError: ssl_shutdown_timeout should be a positive number, got -1");
  // AS-255: the default is the client's side.
  EXPECT_EQ(refusal(transport, {.server_hostname = "x"}),
            "SSLError: Cannot create a client socket with a PROTOCOL_TLS_SERVER context");
  peer.send("still plain");
  run_until("DR");
  EXPECT_EQ(protocol().received, "still plain");
}

TEST_F(start_tls, AS_251_a_failed_handshake_is_thrown_and_told_by_connection_lost) {
  upgrade_on_first_octet();
  beside([&] {
    const Peer peer(port());
    peer.send("?");
    ASSERT_TRUE(trace.wait("DR"));
    peer.send(std::string(200, '\x99'));
    static_cast<void>(peer.read_to_end());
  });
  run_until("CL");
  turn();
  EXPECT_THAT(events(), testing::UnorderedElementsAre(
                            "CM", "DR", "CL SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number",
                            "refused SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number"));
}

// AS-252: DR before start_tls has returned.
TEST_F(start_tls, AS_252_data_sent_with_the_last_message_of_the_handshake_may_come_before_the_return) {
  upgrade_on_first_octet();
  tls::Engine client(client_context().native(), "localhost");
  beside([&] {
    const Peer tcp(port());
    tcp.send("?");
    ASSERT_TRUE(trace.wait("DR"));
    std::string buffer(65536, '\0');
    while (client.handshake() == tls::HandshakeStatus::need_more) {
      const auto octets = client.take_output();
      tcp.send({reinterpret_cast<const char*>(octets.data()), octets.size()});
      const ssize_t size = ::recv(tcp.fd(), buffer.data(), buffer.size(), 0);
      ASSERT_GT(size, 0);
      client.receive(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(size))));
    }
    client.write(std::as_bytes(std::span(std::string_view("early"))));
    const auto octets = client.take_output();  // its Finished and the data in one segment
    tcp.send({reinterpret_cast<const char*>(octets.data()), octets.size()});
    ASSERT_TRUE(trace.wait("upgraded"));
  });
  run_until("CL");
  EXPECT_EQ(protocol().received, "?early");
  EXPECT_TRUE(came_before_the_return_);
}

// AS-253 is not followed (U-32): connection_lost comes.
TEST_F(start_tls, AS_253_a_handshake_that_takes_too_long_is_thrown_and_told_by_connection_lost) {
  upgrade_on_first_octet({.server_side = true, .ssl_handshake_timeout = 50ms});
  beside([&] {
    const Peer peer(port());
    peer.send("?");
    static_cast<void>(peer.read_to_end());
  });
  run_until("CL");
  turn();
  const std::string error =
      "ConnectionAbortedError: SSL handshake is taking longer than 0.05 seconds: aborting the connection";
  EXPECT_THAT(events(), testing::UnorderedElementsAre("CM", "DR", "CL " + error, "refused " + error));
}

TEST_F(start_tls, a_reset_in_mid_handshake_is_thrown_and_told) {
  upgrade_on_first_octet();
  beside([&] {
    Peer peer(port());
    peer.send("?");
    ASSERT_TRUE(trace.wait("DR"));
    std::this_thread::sleep_for(20ms);
    peer.reset();
    ASSERT_TRUE(trace.wait("CL"));
  });
  turn();
  EXPECT_THAT(events(), testing::UnorderedElementsAre("CM", "DR", StartsWith("CL ConnectionResetError"),
                                                      StartsWith("refused ConnectionResetError")));
}

TEST_F(start_tls, a_connection_closed_before_the_handshake_began_is_refused) {
  hooks.data_received = [this](Scripted& it) {
    if (it.received.size() > 1) return;
    loop.create_task(upgrade(*this, it, server_context(), {.server_side = true}));
    loop.call_soon([&it] { it.transport->abort(); });
  };
  listen();
  beside([&] {
    const Peer peer(port());
    peer.send("?");
    static_cast<void>(peer.read_to_end());
  });
  run_until("CL");
  run_until("refused");
  EXPECT_EQ(trace.count("CL"), 1U);
}

// I-9: a pause that the plain transport told is resumed by TLS.
TEST_F(start_tls, a_writer_paused_before_is_resumed_once_the_plain_data_is_gone) {
  hooks.data_received = [this](Scripted& it) {
    if (it.received.size() > 1) return;
    it.transport->write(pattern(big));
    loop.create_task(upgrade(*this, it, server_context(), {.server_side = true}));
  };
  listen();
  std::string plain;
  beside([&] {
    TlsPeer peer(Peer(port(), 16 * 1024), client_context());
    peer.tcp().send("?");
    ASSERT_TRUE(trace.wait("PW"));
    plain = peer.tcp().read(big);
    peer.handshake();
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  run_until("CL");
  EXPECT_TRUE(plain == pattern(big));
  EXPECT_EQ(trace.count("PW"), 1U);
  EXPECT_EQ(trace.count("RW"), 1U);
}

TEST_F(start_tls, a_client_upgrades_too_and_tls_can_lie_on_tls) {
  // The server: TLS from the start; inside it, after one octet, TLS again.
  hooks.data_received = [this](Scripted& it) {
    if (it.received == "?") loop.create_task(upgrade(*this, it, server_context(), {.server_side = true}));
    if (it.received == "?inside") it.transport->write("answer");
    if (it.received == "answer") it.transport->close();
  };
  listen_tls();
  const auto made = loop.run_until_complete(loop.create_connection(
      factory(), "127.0.0.1", port(), {.ssl = client_context(), .server_hostname = "localhost"}));
  made.transport->write("?");
  run_until("DR");
  const auto inner = loop.run_until_complete(
      loop.start_tls(made.transport, made.protocol, client_context(), {.server_hostname = "localhost"}));
  EXPECT_NE(inner, made.transport);
  std::static_pointer_cast<Scripted>(made.protocol)->transport = inner;
  inner->write("inside");
  run_until("CL", 2);
  EXPECT_EQ(trace.count("CL None"), 2U) << testing::PrintToString(events());
}

}  // namespace
}  // namespace antiphon::asio_style::test
