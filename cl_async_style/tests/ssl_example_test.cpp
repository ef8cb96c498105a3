// The example 08_tls as a program, against peers of the common engine.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.hpp"
#include "tls_peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

TEST(ssl_example, echoes_any_size_and_tells_a_clean_end_from_a_cut) {
  const auto& made = certificates::all();
  program echo("08_tls", {"0", made.certificate, made.key});
  tls::Context context = tls_peer::client_context();
  context.set_alpn_protocols({"echo"});
  const std::string block(65536, 'e');
  {
    tls_peer client(tls_peer::connected(echo.port()), context);
    EXPECT_EQ(echo.line(), "connected: TLSv1.3, echo");
    for (int i = 0; i < 32; ++i) {
      client.send(block);
      ASSERT_EQ(client.read(block.size()), block);
    }
    client.say_close_notify();
    std::string end;
    client.read_all(&end);
    EXPECT_EQ(end, "close_notify");
    EXPECT_EQ(echo.line(), "lost: end of data");
  }
  {
    tls_peer client(echo.port());
    EXPECT_EQ(echo.line(), "connected: TLSv1.3, no ALPN");
    client.send("x");
    EXPECT_EQ(client.read(1), "x");
  }
  EXPECT_THAT(echo.line(), testing::AllOf(testing::StartsWith("lost: "), testing::HasSubstr("EOF")));
  echo.signal(SIGTERM);
  EXPECT_EQ(echo.exit_status(), 0);
}

TEST(ssl_example, names_the_file_that_it_cannot_use) {
  program echo("08_tls", {"0", "/nonexistent.pem", certificates::all().key});
  EXPECT_EQ(echo.listening(), "") << "it did not come to listen";
  EXPECT_EQ(echo.exit_status(), 1);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
