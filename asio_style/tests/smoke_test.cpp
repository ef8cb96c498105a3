#include <gmock/gmock.h>
#include "support.hpp"
namespace antiphon::asio_style::test {
using testing::ElementsAre;
TEST(smoke, echo) {
  Bench b;
  b.hooks.data_received = [](Scripted& p) { p.transport->write(p.received); };
  b.listen();
  Peer p(b.port());
  p.send("hello");
  p.shutdown_write();
  b.run_until("CL");
  EXPECT_EQ(p.read_to_end().bytes, "hello");
  EXPECT_THAT(b.events(), ElementsAre("CM", "DR", "ER", "CL None"));
}
}  // namespace antiphon::asio_style::test
