// The example 10_app as a program.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "program.hpp"
#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

TEST(example, app_serves_the_shared_app_and_routes_of_its_own_until_SIGTERM) {
  program app("10_app");
  client peer(app.port());
  EXPECT_EQ(peer.get("/"), "hello, world\n");
  EXPECT_EQ(peer.get("/greet/slowly"), "hello, slowly\n");
  peer.send("GET /count HTTP/1.1\r\nHost: t\r\n\r\n");
  peer.read_to("2\r\n1\n\r\n");
  app.signal(SIGTERM);
  EXPECT_EQ(app.line(), "finishing what is under way");
  EXPECT_THAT(peer.read_all(), testing::EndsWith("3\r\n10\n\r\n0\r\n\r\n"))
      << "the answer under way is finished";
  EXPECT_EQ(app.exit_status(), 0);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
