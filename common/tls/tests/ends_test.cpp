#include <antiphon/tls/engine.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pair.hpp"

namespace antiphon::tls::test {
namespace {

class Ends : public ::testing::TestWithParam<Version> {
 protected:
  Ends() {
    auto settings = client_context();
    settings.set_versions(GetParam(), GetParam());
    client_.emplace(settings, "localhost");
    server_.emplace(server_context());
    shake_hands(*client_, *server_);
    (void)read_all(*client_);  // the tickets
  }

  std::optional<Engine> client_;
  std::optional<Engine> server_;
};

INSTANTIATE_TEST_SUITE_P(Version, Ends, ::testing::Values(Version::tls1_2, Version::tls1_3),
                         [](const auto& param) {
                           return param.param == Version::tls1_2 ? "tls1_2" : "tls1_3";
                         });

TEST_P(Ends, close_notify_both_ways_is_a_clean_end) {
  client_->write(bytes("last words"));
  client_->close();
  EXPECT_TRUE(client_->close_sent());
  carry(*client_, *server_);
  const auto [text, end] = read_all(*server_);
  EXPECT_EQ(text, "last words");
  EXPECT_EQ(end, ReadStatus::closed);
  EXPECT_TRUE(server_->peer_closed());
  server_->close();
  carry(*server_, *client_);
  EXPECT_EQ(read_all(*client_).end, ReadStatus::closed);
  client_->receive_eof();
  EXPECT_EQ(read_all(*client_).end, ReadStatus::closed);
  EXPECT_FALSE(client_->error().has_value());
}

TEST_P(Ends, after_the_peers_close_notify_we_may_still_write) {
  client_->close();
  carry(*client_, *server_);
  EXPECT_EQ(read_all(*server_).end, ReadStatus::closed);
  EXPECT_TRUE(server_->write(bytes("one more thing")));
  carry(*server_, *client_);
  EXPECT_EQ(read_all(*client_).text, "one more thing");
}

TEST_P(Ends, data_that_crosses_our_close_notify_is_read_and_is_no_error) {
  client_->close();
  server_->write(bytes("on its way"));
  server_->close();
  carry(*server_, *client_);
  const auto [text, end] = read_all(*client_);
  EXPECT_EQ(text, "on its way");
  EXPECT_EQ(end, ReadStatus::closed);
}

TEST_P(Ends, an_end_without_close_notify_is_a_truncation) {
  client_->write(bytes("not all"));
  carry(*client_, *server_);
  server_->receive_eof();
  const auto [text, end] = read_all(*server_);
  EXPECT_EQ(text, "not all");
  EXPECT_EQ(end, ReadStatus::failed);
  EXPECT_TRUE(server_->output().empty()) << "no alert: the peer may still read what comes before it";
  EXPECT_EQ(server_->error()->kind, ErrorKind::truncated);
  EXPECT_EQ(server_->error()->message(),
            "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol");
}

TEST_P(Ends, an_end_in_mid_record_is_a_truncation) {
  client_->write(bytes("cut"));
  const auto octets = client_->take_output();
  server_->receive(std::span(octets).first(octets.size() - 1));
  server_->receive_eof();
  const auto [text, end] = read_all(*server_);
  EXPECT_EQ(text, "");
  EXPECT_EQ(end, ReadStatus::failed);
  EXPECT_EQ(server_->error()->kind, ErrorKind::truncated);
}

TEST_P(Ends, an_end_after_our_close_and_without_the_peers_is_a_truncation_too) {
  server_->close();
  server_->receive_eof();
  EXPECT_EQ(read_all(*server_).end, ReadStatus::failed);
  EXPECT_EQ(server_->error()->kind, ErrorKind::truncated);
}

TEST_P(Ends, a_forged_octet_is_a_protocol_error_with_an_alert_for_the_peer) {
  client_->write(bytes("genuine"));
  auto octets = client_->take_output();
  octets.back() ^= std::byte{1};
  server_->receive(octets);
  EXPECT_EQ(read_all(*server_).end, ReadStatus::failed);
  EXPECT_EQ(server_->error()->kind, ErrorKind::protocol);
  EXPECT_EQ(server_->error()->reason, "DECRYPTION_FAILED_OR_BAD_RECORD_MAC");
  EXPECT_FALSE(server_->output().empty());
  carry(*server_, *client_);
  EXPECT_EQ(read_all(*client_).end, ReadStatus::failed);
  EXPECT_EQ(client_->error()->reason, "SSLV3_ALERT_BAD_RECORD_MAC");
}

TEST_P(Ends, after_a_failure_everything_tells_the_same_error) {
  server_->receive_eof();
  EXPECT_EQ(read_all(*server_).end, ReadStatus::failed);
  const auto message = server_->error()->message();
  server_->receive(bytes("more"));
  EXPECT_EQ(server_->unread_octets(), 0U);
  EXPECT_EQ(read_all(*server_).end, ReadStatus::failed);
  EXPECT_EQ(server_->handshake(), HandshakeStatus::failed);
  EXPECT_FALSE(server_->write(bytes("x")));
  server_->close();
  EXPECT_FALSE(server_->close_sent());
  EXPECT_EQ(server_->error()->message(), message);
}

TEST(Handshake, garbage_is_named_as_python_names_it) {
  Engine server(server_context());
  server.receive(std::vector<std::byte>(200, std::byte{0x99}));
  EXPECT_EQ(server.handshake(), HandshakeStatus::failed);
  EXPECT_EQ(server.error()->message(), "[SSL: WRONG_VERSION_NUMBER] wrong version number");
  EXPECT_EQ(server.error()->kind, ErrorKind::protocol);
}

TEST(Handshake, http_spoken_to_a_tls_server_is_recognised) {
  Engine server(server_context());
  server.receive(bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(server.handshake(), HandshakeStatus::failed);
  EXPECT_EQ(server.error()->message(), "[SSL: HTTP_REQUEST] http request");
}

TEST(Handshake, an_end_in_the_middle_is_a_truncation) {
  Engine client(client_context(), "localhost");
  EXPECT_EQ(client.handshake(), HandshakeStatus::need_more);
  Engine server(server_context());
  carry(client, server);
  EXPECT_EQ(server.handshake(), HandshakeStatus::need_more);
  server.receive_eof();
  EXPECT_EQ(server.handshake(), HandshakeStatus::failed);
  EXPECT_EQ(server.error()->kind, ErrorKind::truncated);
}

TEST(Handshake, an_old_version_is_refused) {
  auto modern = server_context();
  modern.set_versions(Version::tls1_3);
  auto old = client_context();
  old.set_versions(Version::tls1_2, Version::tls1_2);
  Engine client(old, "localhost");
  Engine server(modern);
  shake_hands(client, server);
  EXPECT_EQ(server.error()->message(), "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol");
  EXPECT_EQ(client.error()->reason, "TLSV1_ALERT_PROTOCOL_VERSION");
}

}  // namespace
}  // namespace antiphon::tls::test
