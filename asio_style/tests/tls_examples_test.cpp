#include <antiphon/test_support/temporary_folder.hpp>

#include <gmock/gmock.h>

#include "program.hpp"
#include "tls_support.hpp"

namespace antiphon::asio_style::test {
namespace {

class tls_example : public testing::Test {
 protected:
  test_support::TemporaryFolder files_;
  tls::testing::Issued issued_ = authority().issue();
  std::string certificate_ = files_.add("certificate.pem", issued_.certificate);
  std::string key_ = files_.add("key.pem", issued_.key);
};

TEST_F(tls_example, echoes_any_size_and_tells_a_clean_end_from_a_cut) {
  Program echo(TLS_PROGRAM, std::string("0"), certificate_, key_);
  const auto first = echo.line();
  ASSERT_TRUE(first.starts_with("listening on 127.0.0.1:")) << first;
  auto settings = client_context();
  settings.set_alpn_protocols({"echo"});
  const std::string sent = pattern(2 * 1024 * 1024);
  {
    TlsPeer peer(Peer(port_in(first)), settings);
    peer.handshake();
    EXPECT_EQ(echo.line(), "connected: TLSv1.3, echo");
    for (std::size_t at = 0; at < sent.size(); at += 65536) {
      peer.send(std::string_view(sent).substr(at, 65536));
      ASSERT_TRUE(peer.read(65536) == sent.substr(at, 65536));
    }
    peer.close_notify();
    EXPECT_EQ(peer.read_to_end().end, TlsPeer::End::close_notify);
    EXPECT_EQ(echo.line(), "lost: None");
  }
  {
    TlsPeer peer(Peer(port_in(first)), settings);
    peer.handshake();
    EXPECT_EQ(echo.line(), "connected: TLSv1.3, echo");
    peer.tcp().shutdown_write();  // a close with the session tickets unread would be a reset
    EXPECT_THAT(echo.line(), testing::StartsWith("lost: SSLEOFError: "));
  }
  echo.signal(SIGTERM);
  EXPECT_EQ(echo.exit_status(), 0);
}

TEST_F(tls_example, names_the_file_that_it_can_not_load) {
  Program echo(TLS_PROGRAM, std::string("0"), files_.path("nowhere.pem"), key_);
  EXPECT_EQ(echo.line(), "08_tls: [Errno 2] No such file or directory: '" + files_.path("nowhere.pem") + "'");
  EXPECT_EQ(echo.exit_status(), 1);
}

}  // namespace
}  // namespace antiphon::asio_style::test
