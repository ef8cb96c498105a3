#include <gmock/gmock.h>
#include <sys/socket.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include "tls_support.hpp"

namespace antiphon::asio_style::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// A server in a thread, of OpenSSL's blocking calls; the loop is the client.
class tls_client : public TlsBench {
 protected:
  /// One connection: accepts, then the script.
  void serve(std::function<void(TlsPeer&)> script, std::optional<SSLContext> context = std::nullopt) {
    thread_ = std::thread([this, script = std::move(script), context = context.value_or(server_context())] {
      try {
        TlsPeer peer(listening_.accept(), context);
        script(peer);
      } catch (...) {
        failed_ = describe(std::current_exception());
      }
    });
  }
  Connection connect(CreateConnectionOptions options = {}) {
    if (!options.ssl) options.ssl = client_context();
    return loop.run_until_complete(
        loop.create_connection(factory(), "127.0.0.1", listening_.port(), std::move(options)));
  }
  std::string refusal(CreateConnectionOptions options = {}) {
    return describe(thrown_by([&] { static_cast<void>(connect(std::move(options))); }));
  }
  void TearDown() override {
    if (thread_.joinable()) thread_.join();
  }

  Listening listening_;
  std::thread thread_;
  std::string failed_;
};

TEST_F(tls_client, AS_087_create_connection_gives_the_transport_after_the_handshake) {
  serve([](TlsPeer& peer) {
    peer.handshake();
    peer.send(peer.read(8));
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  const auto [transport, protocol] = connect();
  EXPECT_THAT(events(), ElementsAre("CM"));
  EXPECT_EQ(protocol, protocols.at(0));
  EXPECT_EQ(transport, protocols.at(0)->transport);
  const auto certificate = std::any_cast<tls::Certificate>(transport->get_extra_info("peercert"));
  EXPECT_EQ(certificate.subject.at(0).second, "localhost");
  transport->write("question");
  run_until("CL");
  EXPECT_EQ(protocols.at(0)->received, "question");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(tls_client, the_name_to_check_is_the_host_or_server_hostname) {
  serve([](TlsPeer& peer) { static_cast<void>(peer.failed_handshake()); });
  EXPECT_EQ(refusal({.server_hostname = "example.org"}),
            "SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname "
            "mismatch, "
            "certificate is not valid for 'example.org'.");
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(tls_client, an_authority_that_nobody_knows_is_refused_and_the_peer_is_told) {
  std::string told;
  serve([&](TlsPeer& peer) {
    told = peer.failed_handshake();
    // Under TLS 1.3 a server is done before the client has looked.
    if (told.empty()) told = describe(thrown_by([&] { static_cast<void>(peer.read(1)); }));
  });
  EXPECT_THAT(refusal({.ssl = SSLContext(PROTOCOL_TLS_CLIENT)}),
              testing::StartsWith("SSLCertVerificationError"));
  TearDown();
  EXPECT_THAT(told, testing::HasSubstr("unknown ca"));
}

TEST_F(tls_client, without_verification_anybody_will_do_and_the_certificate_is_not_shown_as_good) {
  serve([](TlsPeer& peer) {
    peer.handshake();
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  SSLContext context(PROTOCOL_TLS_CLIENT);
  context.check_hostname(false);
  context.verify_mode(CERT_NONE);
  const auto made = connect({.ssl = context});
  const auto certificate = std::any_cast<tls::Certificate>(made.transport->get_extra_info("peercert"));
  EXPECT_TRUE(certificate.subject.empty());
  run_until("CL");
}

TEST_F(tls_client, a_server_that_ends_in_mid_handshake_is_a_reset) {
  serve([](TlsPeer& peer) { peer.tcp().shutdown_write(); });
  EXPECT_EQ(refusal(), "ConnectionResetError: Connection closed by the peer during the SSL handshake");
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(tls_client, a_server_that_speaks_no_tls_is_named_so) {
  serve([](TlsPeer& peer) { peer.tcp().send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  EXPECT_EQ(refusal(), "SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number");
}

TEST_F(tls_client, AS_225_a_server_that_says_nothing_is_a_timeout) {
  serve([](TlsPeer& peer) { static_cast<void>(peer.tcp().read_to_end()); });
  EXPECT_EQ(
      refusal({.ssl_handshake_timeout = 50ms}),
      "ConnectionAbortedError: SSL handshake is taking longer than 0.05 seconds: aborting the connection");
}

TEST_F(tls_client, AS_093_a_cancelled_create_connection_closes_the_socket_in_mid_handshake) {
  bool ended = false;
  serve([&](TlsPeer& peer) {
    static_cast<void>(peer.tcp().read_to_end());
    ended = true;
  });
  const auto connecting = loop.create_task(
      loop.create_connection(factory(), "127.0.0.1", listening_.port(), {.ssl = client_context()}));
  look_until([&] { return !protocols.empty(); });
  connecting.cancel();
  EXPECT_THROW(loop.run_until_complete(connecting), CancelledError);
  turn(20);
  TearDown();
  EXPECT_TRUE(ended);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(tls_client, a_unix_connection_and_a_unix_server_speak_tls_with_each_other) {
  const test_support::TemporaryFolder folder;
  const std::string path = folder.path("socket");
  server = loop.run_until_complete(loop.create_unix_server(factory(), path, {.ssl = server_context()}));
  hooks.data_received = [](Scripted& it) {
    it.received == "question" ? it.transport->write("answer") : it.transport->close();
  };
  const auto made = loop.run_until_complete(loop.create_unix_connection(
      factory(), path, {.ssl = client_context(), .server_hostname = "localhost"}));
  made.transport->write("question");
  run_until("CL", 2);
  EXPECT_EQ(std::static_pointer_cast<Scripted>(made.protocol)->received, "answer");
}

TEST_F(tls_client, AS_084_a_socket_that_somebody_else_accepted_becomes_a_tls_server_side) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  std::thread peer([&] {
    TlsPeer other(Peer(detail::UniqueFd(ends[1])), client_context());
    other.handshake();
    other.send("hello");
    other.close_notify();
    static_cast<void>(other.read_to_end());
  });
  const auto made =
      loop.run_until_complete(loop.connect_accepted_socket(factory(), ends[0], {.ssl = server_context()}));
  run_until("CL");
  peer.join();
  EXPECT_EQ(protocol().received, "hello");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

}  // namespace
}  // namespace antiphon::asio_style::test
