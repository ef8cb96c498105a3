#include <antiphon/tls/engine.hpp>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pair.hpp"

namespace antiphon::tls::test {
namespace {

/// The client's error after a handshake with a server whose certificate is made as told; empty: none.
std::string verdict(const Context& client_settings, std::string_view name, const Context& server_settings) {
  Engine client(client_settings, name);
  Engine server(server_settings);
  shake_hands(client, server);
  if (!client.error()) return "";
  EXPECT_EQ(client.error()->kind, ErrorKind::certificate);
  (void)read_all(server);
  EXPECT_TRUE(server.error().has_value()) << "the server was not told";
  return client.error()->message();
}

constexpr const char* failed = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ";

TEST(PeerCertificate, an_unknown_authority_is_not_trusted) {
  EXPECT_EQ(verdict(Context(Role::client), "localhost", server_context()),
            std::string(failed) + "unable to get local issuer certificate");
}

TEST(PeerCertificate, a_self_signed_certificate_is_not_trusted) {
  auto settings = Context(Role::server);
  const testing::CertificateAuthority other("Another authority");
  const auto below = other.issue_authority("below");
  const auto issued = below->issue();
  settings.use_certificate_chain(issued.certificate + below->certificate() + other.certificate(), issued.key);
  EXPECT_EQ(verdict(client_context(), "localhost", settings),
            std::string(failed) + "self-signed certificate in certificate chain");
}

TEST(PeerCertificate, a_chain_through_a_second_authority_is_trusted) {
  auto settings = Context(Role::server);
  const auto below = authority().issue_authority("below");
  const auto issued = below->issue();
  settings.use_certificate_chain(issued.certificate + below->certificate(), issued.key);
  EXPECT_EQ(verdict(client_context(), "localhost", settings), "");
}

TEST(PeerCertificate, an_expired_certificate_is_refused) {
  EXPECT_EQ(verdict(client_context(), "localhost", server_context({.expired = true})),
            std::string(failed) + "certificate has expired");
}

TEST(PeerCertificate, another_host_name_is_refused_and_named) {
  EXPECT_EQ(verdict(client_context(), "example.org", server_context()),
            std::string(failed) + "Hostname mismatch, certificate is not valid for 'example.org'.");
}

TEST(PeerCertificate, an_address_is_checked_against_the_addresses) {
  EXPECT_EQ(verdict(client_context(), "127.0.0.1", server_context()), "");
  EXPECT_EQ(verdict(client_context(), "::1", server_context()), "");
  EXPECT_EQ(verdict(client_context(), "192.0.2.1", server_context()),
            std::string(failed) + "IP address mismatch, certificate is not valid for '192.0.2.1'.");
}

TEST(PeerCertificate, a_wildcard_stands_for_one_whole_label) {
  const auto settings =
      server_context({.common_name = "x", .dns_names = {"*.example.org", "w*.example.com"}});
  EXPECT_EQ(verdict(client_context(), "www.example.org", settings), "");
  EXPECT_NE(verdict(client_context(), "a.b.example.org", settings), "");
  EXPECT_NE(verdict(client_context(), "www.example.com", settings), "");
}

TEST(PeerCertificate, a_client_that_verifies_nothing_talks_to_anybody) {
  Context settings(Role::client);
  settings.set_check_hostname(false);
  EXPECT_NE(verdict(settings, "example.org", server_context()), "");  // still verified
  settings.set_verify(Verify::none);
  EXPECT_EQ(verdict(settings, "", server_context({.expired = true})), "");
}

TEST(ServerName, a_name_that_can_not_be_is_refused_at_once) {
  EXPECT_THROW(Engine(client_context(), ""), std::invalid_argument);
  EXPECT_THROW(Engine(client_context(), ".example.org"), std::invalid_argument);
  EXPECT_THROW(Engine(client_context(), std::string_view("a\0b", 3)), std::invalid_argument);
  EXPECT_THROW(Engine(client_context(), std::string(300, 'a')), std::invalid_argument);
}

TEST(ServerName, an_address_is_not_sent) {
  Engine client(client_context(), "127.0.0.1");
  Engine server(server_context());
  shake_hands(client, server);
  EXPECT_TRUE(server.handshake_done());
  EXPECT_EQ(server.server_name(), "");
}

class ServerNames : public ::testing::Test {
 protected:
  Context settings_ = server_context();
  Context other_ = server_context({.common_name = "other", .dns_names = {"other.example"}});
  std::vector<std::string> asked_;

  void answer(std::function<ServerNameAnswer(std::string_view)> with) {
    settings_.set_server_name_callback([this, with = std::move(with)](std::string_view name) {
      asked_.emplace_back(name);
      return with(name);
    });
  }
};

TEST_F(ServerNames, the_callback_chooses_the_context_and_with_it_certificate_and_protocols) {
  other_.set_alpn_protocols({"other"});
  settings_.set_alpn_protocols({"first"});
  answer([this](std::string_view name) -> ServerNameAnswer {
    if (name == "other.example") return other_;
    return KeepContext{};
  });
  auto client_settings = client_context();
  client_settings.set_alpn_protocols({"first", "other"});
  Engine client(client_settings, "other.example");
  Engine server(settings_);
  shake_hands(client, server);
  ASSERT_TRUE(client.handshake_done()) << client.error()->message();
  EXPECT_EQ(server.context(), other_);
  EXPECT_EQ(server.alpn_protocol(), "other");
  EXPECT_THAT(client.peer_certificate()->subject,
              ::testing::ElementsAre(::testing::Pair("commonName", "other")));
  EXPECT_EQ(verdict(client_context(), "localhost", settings_), "");
  EXPECT_THAT(asked_, ::testing::ElementsAre("other.example", "localhost"));
}

TEST_F(ServerNames, the_chosen_context_may_ask_for_a_certificate) {
  other_.add_verify_certificates(authority().certificate());
  other_.set_verify(Verify::required);
  answer([this](std::string_view) -> ServerNameAnswer { return other_; });
  Engine client(client_context(), "other.example");
  Engine server(settings_);
  shake_hands(client, server);
  ASSERT_TRUE(server.error().has_value());
  EXPECT_EQ(server.error()->reason, "PEER_DID_NOT_RETURN_A_CERTIFICATE");
}

TEST_F(ServerNames, a_client_without_name_gives_an_empty_one) {
  answer([](std::string_view) { return KeepContext{}; });
  Engine client(client_context(), "127.0.0.1");
  Engine server(settings_);
  shake_hands(client, server);
  EXPECT_TRUE(server.handshake_done());
  EXPECT_THAT(asked_, ::testing::ElementsAre(""));
}

TEST_F(ServerNames, a_refused_name_ends_the_handshake_with_an_alert) {
  answer([](std::string_view) { return RefuseName{}; });
  Engine client(client_context(), "localhost");
  Engine server(settings_);
  shake_hands(client, server);
  EXPECT_TRUE(server.error().has_value());
  EXPECT_EQ(client.error()->message(), "[SSL: TLSV1_UNRECOGNIZED_NAME] tlsv1 unrecognized name");
}

TEST_F(ServerNames, an_exception_in_the_callback_ends_the_handshake_and_is_told) {
  answer([](std::string_view) -> ServerNameAnswer { throw std::runtime_error("no such table"); });
  Engine client(client_context(), "localhost");
  Engine server(settings_);
  shake_hands(client, server);
  EXPECT_THAT(server.error()->message(), ::testing::HasSubstr("no such table"));
  EXPECT_EQ(client.error()->message(), "[SSL: TLSV1_ALERT_INTERNAL_ERROR] tlsv1 alert internal error");
}

}  // namespace
}  // namespace antiphon::tls::test
