#include <gmock/gmock.h>
#include <sys/socket.h>

#include "tls_support.hpp"

namespace antiphon::asio_style::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class tls_handshake : public TlsBench {};

// AS-223, AS-227: the factory at accept, connection_made after the handshake.
TEST_F(tls_handshake, AS_223_AS_227_connection_made_comes_after_the_handshake_and_the_factory_before) {
  hooks.factory = [this] { trace.add("factory"); };
  listen_tls();
  beside([&] {
    TlsPeer peer = make_peer();
    ASSERT_TRUE(trace.wait("factory"));
    EXPECT_EQ(trace.count("CM"), 0U);
    peer.handshake();
    ASSERT_TRUE(trace.wait("CM"));
    peer.send("question");
    ASSERT_TRUE(trace.wait("DR"));
  });
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("factory", "CM", "DR", testing::StartsWith("CL ")));
  EXPECT_EQ(protocol().received, "question");
}

TEST_F(tls_handshake, AS_218_the_transport_knows_what_was_agreed_on) {
  const auto context = server_context();
  std::map<std::string, std::any> known;
  hooks.connection_made = [&](Scripted& it) {
    for (const auto* name : {"sslcontext", "peercert", "cipher", "compression", "ssl_object", "peername",
                             "sockname", "socket", "nonsense"})
      known[name] = it.transport->get_extra_info(name, std::string("fallback"));
    EXPECT_TRUE(it.transport->is_reading());
    EXPECT_FALSE(it.transport->is_closing());
  };
  listen_tls({.ssl = context});
  with_peer([](TlsPeer& peer) { peer.close_notify(); });
  EXPECT_EQ(std::any_cast<SSLContext>(known["sslcontext"]), context);
  EXPECT_FALSE(known["peercert"].has_value());
  EXPECT_FALSE(known["compression"].has_value());
  const auto [name, version, bits] = std::any_cast<SSLObject::Cipher>(known["cipher"]);
  EXPECT_EQ(name, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(version, "TLSv1.3");
  EXPECT_EQ(bits, 256);
  const auto object = std::any_cast<SSLObject>(known["ssl_object"]);
  EXPECT_EQ(object.version(), "TLSv1.3");
  EXPECT_EQ(object.server_hostname(), "localhost");
  EXPECT_EQ(object.selected_alpn_protocol(), std::nullopt);
  EXPECT_TRUE(object.server_side());
  EXPECT_EQ(object.context(), context);
  EXPECT_EQ(std::any_cast<SocketAddress>(known["peername"]).host, "127.0.0.1");
  EXPECT_EQ(std::any_cast<std::string>(known["nonsense"]), "fallback");
  // Known after the loss, too (AS-219).
  EXPECT_TRUE(transport().get_extra_info("peername").has_value());
  EXPECT_TRUE(transport().get_extra_info("cipher").has_value());
}

// AS-224: garbage, an end, a refused certificate. Nobody is told.
TEST_F(tls_handshake, AS_224_garbage_tells_nobody_anything_and_the_server_goes_on) {
  listen_tls();
  beside([&] {
    const Peer peer(port());
    peer.send(std::string(200, '\x99'));
    static_cast<void>(peer.read_to_end());
  });
  EXPECT_EQ(protocols.size(), 1U);
  EXPECT_THAT(events(), IsEmpty());
  with_peer([](TlsPeer& peer) { peer.close_notify(); });
  EXPECT_THAT(events(), ElementsAre("CM", "ER", "CL None"));
}

TEST_F(tls_handshake, AS_224_an_end_in_the_middle_tells_nobody_anything) {
  listen_tls();
  beside([&] {
    const Peer peer(port());
    peer.send("\x16\x03\x01");
    peer.shutdown_write();
    static_cast<void>(peer.read_to_end());
  });
  EXPECT_THAT(events(), IsEmpty());
  beside([&] {
    Peer peer(port());
    peer.reset();
  });
  turn(20);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(tls_handshake, AS_224_a_peer_that_does_not_trust_us_tells_nobody_anything) {
  listen_tls();
  std::string error;
  beside([&] {
    TlsPeer peer(Peer(port()), client_context(), "example.org");
    error = peer.failed_handshake();
  });
  EXPECT_THAT(error, HasSubstr("certificate verify failed"));
  turn(20);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(tls_handshake, AS_224_in_debug_mode_a_failed_handshake_is_reported_with_its_reason) {
  loop.set_debug(true);
  listen_tls();
  beside([&] {
    const Peer peer(port());
    peer.send(std::string(200, '\x99'));
    static_cast<void>(peer.read_to_end());
  });
  EXPECT_THAT(events(),
              ElementsAre("handler Error on transport creation for incoming connection: SSLError: [SSL: "
                          "WRONG_VERSION_NUMBER] wrong version number"));
}

TEST_F(tls_handshake, AS_225_a_handshake_that_takes_too_long_ends_the_connection_and_tells_nobody) {
  loop.set_debug(true);
  listen_tls({.ssl_handshake_timeout = 50ms});
  Peer::Rest rest;
  beside([&] { rest = Peer(port()).read_to_end(); });
  EXPECT_EQ(rest.bytes, "");
  EXPECT_THAT(
      events(),
      ElementsAre("handler Error on transport creation for incoming connection: ConnectionAbortedError: SSL "
                  "handshake is taking longer than 0.05 seconds: aborting the connection"));
}

TEST_F(tls_handshake, a_failed_handshake_no_longer_counts_as_a_connection_of_the_server) {
  listen_tls();
  beside([&] {
    const Peer peer(port());
    peer.send(std::string(200, '\x99'));
    static_cast<void>(peer.read_to_end());
  });
  const auto waiting = loop.create_task(server->wait_closed());
  turn();
  server->close();
  loop.run_until_complete(waiting);
}

TEST_F(tls_handshake, a_handshake_in_single_octets_succeeds) {
  listen_tls();
  // The peer's octets go through a socket pair, one at a time.
  tls::Engine client(client_context().native(), "localhost");
  beside([&] {
    const Peer tcp(port());
    std::string buffer(65536, '\0');
    while (client.handshake() == tls::HandshakeStatus::need_more) {
      for (const auto octet : client.take_output()) tcp.send(std::string(1, static_cast<char>(octet)));
      const ssize_t size = ::recv(tcp.fd(), buffer.data(), buffer.size(), 0);
      ASSERT_GT(size, 0);
      client.receive(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(size))));
    }
    client.write(std::as_bytes(std::span(std::string_view("slowly"))));
    client.close();
    for (const auto octet : client.take_output()) tcp.send(std::string(1, static_cast<char>(octet)));
    static_cast<void>(tcp.read_to_end());
  });
  run_until("CL");
  EXPECT_EQ(protocol().received, "slowly");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(tls_handshake, alpn_and_sni_reach_the_protocol) {
  auto context = server_context();
  auto other = server_context({.common_name = "other", .dns_names = {"other.example"}});
  other.set_alpn_protocols({"h2", "http/1.1"});
  context.sni_callback([other](std::string_view name) -> SSLContext::SNIAnswer {
    if (name == "other.example") return other;
    if (name == "nobody.example") return tls::RefuseName{};
    return tls::KeepContext{};
  });
  listen_tls({.ssl = context});
  std::optional<SSLObject> object;
  hooks.connection_made = [&](Scripted& it) {
    object = std::any_cast<SSLObject>(it.transport->get_extra_info("ssl_object"));
  };
  auto settings = client_context();
  settings.set_alpn_protocols({"http/1.1"});
  beside([&] {
    TlsPeer peer(Peer(port()), settings, "other.example");
    peer.handshake();
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  run_until("CL");
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(object->selected_alpn_protocol(), "http/1.1");
  EXPECT_EQ(object->server_hostname(), "other.example");
  EXPECT_EQ(object->context(), other);
  std::string refusal;
  beside([&] { refusal = TlsPeer(Peer(port()), settings, "nobody.example").failed_handshake(); });
  EXPECT_THAT(refusal, HasSubstr("unrecognized name"));
}

TEST_F(tls_handshake, a_clients_certificate_is_required_and_shown) {
  auto context = server_context();
  context.verify_mode(CERT_REQUIRED);
  context.load_verify_locations({}, {}, authority().certificate());
  listen_tls({.ssl = context});
  std::string name;
  hooks.connection_made = [&](Scripted& it) {
    name = std::any_cast<tls::Certificate>(it.transport->get_extra_info("peercert")).subject.at(0).second;
  };
  const auto issued = authority().issue({.common_name = "somebody", .dns_names = {}, .addresses = {}});
  tls::Context settings(tls::Role::client);
  settings.add_verify_certificates(authority().certificate());
  settings.use_certificate_chain(issued.certificate, issued.key);
  beside([&] {
    TlsPeer peer{Peer(port()), SSLContext(settings)};
    peer.handshake();
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  run_until("CL");
  EXPECT_EQ(name, "somebody");
}

TEST_F(tls_handshake, tls_1_2_is_spoken_with_those_who_know_no_better) {
  listen_tls();
  auto settings = client_context();
  settings.maximum_version(TLSVersion::TLSv1_2);
  hooks.data_received = [](Scripted& it) {
    const auto object = std::any_cast<SSLObject>(it.transport->get_extra_info("ssl_object"));
    it.transport->write(object.version());
  };
  std::string answer;
  beside([&] {
    TlsPeer peer(Peer(port()), settings);
    peer.handshake();
    peer.send("?");
    answer = peer.read(7);
    peer.close_notify();
    static_cast<void>(peer.read_to_end());
  });
  run_until("CL");
  EXPECT_EQ(answer, "TLSv1.2");
}

TEST_F(tls_handshake, AS_247_an_exception_in_connection_made_is_fatal) {
  hooks.connection_made = [](Scripted&) { throw std::runtime_error("boom"); };
  listen_tls();
  beside([&] {
    auto peer = make_peer();
    static_cast<void>(peer.failed_handshake());
    static_cast<void>(peer.tcp().read_to_end());
  });
  run_until("CL");
  EXPECT_THAT(
      events(),
      ElementsAre("CM", "handler Fatal error: protocol.buffer_updated() call failed.: runtime_error: boom",
                  "CL runtime_error: boom"));
}

TEST_F(tls_handshake, a_loop_that_closes_in_mid_handshake_or_later_leaks_nothing) {
  listen_tls();
  const Peer idle(port());
  std::optional<TlsPeer> peer;
  beside([&] {
    peer.emplace(Peer(port()), client_context());
    peer->handshake();
    ASSERT_TRUE(trace.wait("CM"));
  });
  const std::weak_ptr<Scripted> held = protocols.back();
  const auto kept = protocols.back()->transport;
  loop.close();
  protocols.clear();
  EXPECT_TRUE(held.expired());
  EXPECT_TRUE(kept->is_closing());  // harmless
  kept->write("into the void");
  kept->close();
  kept->abort();
}

}  // namespace
}  // namespace antiphon::asio_style::test
