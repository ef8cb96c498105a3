#include <openssl/ssl.h>
#include <antiphon/tls/engine.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pair.hpp"

namespace antiphon::tls::test {
namespace {

/// A client and a server that agree, in both versions.
class Engines : public ::testing::TestWithParam<Version> {
 protected:
  Context client_context_ = client_context();
  Context server_context_ = server_context();

  void SetUp() override {
    client_context_.set_versions(GetParam(), GetParam());
    server_context_.set_versions(Version::tls1_2);
  }
};

INSTANTIATE_TEST_SUITE_P(Version, Engines, ::testing::Values(Version::tls1_2, Version::tls1_3),
                         [](const auto& param) {
                           return param.param == Version::tls1_2 ? "tls1_2" : "tls1_3";
                         });

TEST_P(Engines, a_handshake_ends_on_both_sides_and_tells_what_was_agreed_on) {
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  EXPECT_EQ(client.version(), "");
  EXPECT_FALSE(client.cipher().has_value());
  shake_hands(client, server);
  ASSERT_TRUE(client.handshake_done()) << client.error()->message();
  ASSERT_TRUE(server.handshake_done());
  const auto* version = GetParam() == Version::tls1_2 ? "TLSv1.2" : "TLSv1.3";
  EXPECT_EQ(client.version(), version);
  EXPECT_EQ(server.version(), version);
  EXPECT_EQ(client.cipher()->name, server.cipher()->name);
  EXPECT_GE(server.cipher()->secret_bits, 128);
  EXPECT_EQ(server.server_name(), "localhost");
  EXPECT_FALSE(server.peer_certificate().has_value());
  const auto certificate = client.peer_certificate();
  ASSERT_TRUE(certificate.has_value());
  EXPECT_THAT(certificate->subject, ::testing::ElementsAre(::testing::Pair("commonName", "localhost")));
  EXPECT_THAT(certificate->issuer,
              ::testing::ElementsAre(::testing::Pair("commonName", "Antiphon test authority")));
  EXPECT_THAT(
      certificate->subject_alt_names,
      ::testing::ElementsAre(::testing::Pair("DNS", "localhost"), ::testing::Pair("IP Address", "127.0.0.1"),
                             ::testing::Pair("IP Address", "::1")));
  EXPECT_EQ(certificate->version, 3);
  EXPECT_FALSE(certificate->serial_number.empty());
  EXPECT_THAT(certificate->not_after, ::testing::EndsWith(" GMT"));
  EXPECT_FALSE(certificate->der.empty());
}

TEST_P(Engines, text_goes_both_ways) {
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  shake_hands(client, server);
  EXPECT_TRUE(client.write(bytes("question")));
  carry(client, server);
  EXPECT_EQ(read_all(server).text, "question");
  EXPECT_TRUE(server.write(bytes("answer")));
  carry(server, client);
  const auto [text, end] = read_all(client);
  EXPECT_EQ(text, "answer");
  EXPECT_EQ(end, ReadStatus::need_more);
}

TEST_P(Engines, a_write_of_many_records_arrives_whole_in_records_of_16_KiB) {
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  shake_hands(client, server);
  std::string big(5'000'000, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 7 % 251);
  EXPECT_TRUE(server.write(bytes(big)));
  EXPECT_LT(server.output().size(), big.size() + big.size() / 100);
  const auto octets = server.take_output();
  const auto loan = client.lend(octets);
  std::vector<std::byte> room(1 << 20);
  EXPECT_EQ(client.read(room).size, 16384U);
  EXPECT_EQ(read_all(client).text, big.substr(16384));
}

TEST_P(Engines, a_write_before_the_handshake_or_after_the_close_does_nothing) {
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  EXPECT_FALSE(server.write(bytes("too early")));
  EXPECT_TRUE(server.output().empty());
  EXPECT_EQ(read_all(server).end, ReadStatus::need_more);
  shake_hands(client, server);
  server.close();
  (void)server.take_output();
  EXPECT_FALSE(server.write(bytes("too late")));
  EXPECT_TRUE(server.output().empty());
}

TEST_P(Engines, the_first_of_the_servers_protocols_that_the_client_offers_is_chosen) {
  client_context_.set_alpn_protocols({"http/1.1", "h2"});
  server_context_.set_alpn_protocols({"spdy/1", "h2", "http/1.1"});
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  shake_hands(client, server);
  EXPECT_EQ(client.alpn_protocol(), "h2");
  EXPECT_EQ(server.alpn_protocol(), "h2");
}

TEST_P(Engines, without_a_common_protocol_the_handshake_goes_on_without_one) {
  client_context_.set_alpn_protocols({"imap"});
  server_context_.set_alpn_protocols({"h2"});
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  shake_hands(client, server);
  ASSERT_TRUE(client.handshake_done());
  EXPECT_EQ(client.alpn_protocol(), "");
  EXPECT_EQ(server.alpn_protocol(), "");
}

TEST_P(Engines, a_required_certificate_of_the_client_is_shown_to_the_server) {
  const auto issued = authority().issue({.common_name = "somebody", .dns_names = {}, .addresses = {}});
  client_context_.use_certificate_chain(issued.certificate, issued.key);
  server_context_.add_verify_certificates(authority().certificate());
  server_context_.set_verify(Verify::required);
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  shake_hands(client, server);
  ASSERT_TRUE(server.handshake_done()) << server.error()->message();
  EXPECT_THAT(server.peer_certificate()->subject,
              ::testing::ElementsAre(::testing::Pair("commonName", "somebody")));
}

TEST_P(Engines, a_client_without_the_required_certificate_is_refused_and_without_an_optional_one_is_not) {
  server_context_.add_verify_certificates(authority().certificate());
  server_context_.set_verify(Verify::optional);
  {
    Engine client(client_context_, "localhost");
    Engine server(server_context_);
    shake_hands(client, server);
    EXPECT_TRUE(server.handshake_done());
  }
  server_context_.set_verify(Verify::required);
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  shake_hands(client, server);
  ASSERT_TRUE(server.error().has_value());
  EXPECT_EQ(server.error()->message(),
            "[SSL: PEER_DID_NOT_RETURN_A_CERTIFICATE] peer did not return a certificate");
  // Under TLS 1.3 the client was done before the server looked, and hears of it only when it reads.
  if (!client.error()) (void)read_all(client);
  EXPECT_TRUE(client.error().has_value());
}

TEST_P(Engines, tickets_are_an_option_and_resume_a_session) {
  server_context_.set_session_tickets(0);
  Engine client(client_context_, "localhost");
  Engine server(server_context_);
  shake_hands(client, server);
  EXPECT_TRUE(server.handshake_done());
  const SSL_SESSION* session = SSL_get0_session(client.native());
  EXPECT_EQ(SSL_SESSION_has_ticket(session), 0);

  server_context_.set_session_tickets(2);
  Engine second_client(client_context_, "localhost");
  Engine second_server(server_context_);
  shake_hands(second_client, second_server);
  (void)read_all(second_client);  // TLS 1.3 sends tickets after the handshake
  EXPECT_EQ(SSL_SESSION_has_ticket(SSL_get0_session(second_client.native())), 1);
}

TEST(Engine, an_idle_engine_holds_no_octets_and_lent_memory_is_used_and_returned) {
  const Context context = server_context();
  Engine client(client_context(), "localhost");
  Engine server(context);
  shake_hands(client, server);
  (void)read_all(client);
  EXPECT_EQ(server.take_output().capacity(), 0U);
  std::vector<std::byte> memory;
  memory.reserve(4096);
  const auto* where = memory.data();
  server.lend_output(std::move(memory));
  server.write(bytes("answer"));
  EXPECT_EQ(server.output().data(), where);
  const auto returned = server.take_output();
  EXPECT_EQ(returned.data(), where);
  EXPECT_EQ(server.take_output().capacity(), 0U);
}

TEST(Engine, octets_of_a_loan_that_nobody_read_are_kept_in_order) {
  const Context context = server_context();
  Engine client(client_context(), "localhost");
  Engine server(context);
  shake_hands(client, server);
  for (const auto* text : {"one ", "two ", "three"}) {
    client.write(bytes(text));
    auto octets = client.take_output();
    const auto loan = server.lend(octets);
  }
  EXPECT_GT(server.unread_octets(), 0U);
  EXPECT_EQ(read_all(server).text, "one two three");
  EXPECT_EQ(server.unread_octets(), 0U);
}

TEST(Engine, renegotiation_is_refused_and_the_connection_lives_on) {
  Context client_settings = client_context();
  client_settings.set_versions(Version::tls1_2, Version::tls1_2);
  SSL_CTX_clear_options(client_settings.native(), SSL_OP_NO_RENEGOTIATION);
  Engine client(client_settings, "localhost");
  Engine server(server_context());
  shake_hands(client, server);
  ASSERT_EQ(SSL_renegotiate(client.native()), 1);
  (void)SSL_do_handshake(client.native());
  carry(client, server);
  EXPECT_EQ(read_all(server).end, ReadStatus::need_more);
  EXPECT_FALSE(server.error().has_value());
  server.write(bytes("still here"));
  EXPECT_FALSE(server.error().has_value());
}

TEST(Engine, a_key_update_of_tls_1_3_goes_unnoticed) {
  Engine client(client_context(), "localhost");
  Engine server(server_context());
  shake_hands(client, server);
  ASSERT_EQ(SSL_key_update(client.native(), SSL_KEY_UPDATE_REQUESTED), 1);
  client.write(bytes("under the new key"));
  carry(client, server);
  EXPECT_EQ(read_all(server).text, "under the new key");
  server.write(bytes("likewise"));
  carry(server, client);
  EXPECT_EQ(read_all(client).text, "likewise");
}

}  // namespace
}  // namespace antiphon::tls::test
