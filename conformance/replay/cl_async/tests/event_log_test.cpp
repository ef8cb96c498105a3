#include "event_log.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace antiphon::conformance::cl_async {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds long_time{20'000};

TEST(EventLog, a_wait_ends_when_the_event_was_logged_so_often) {
  EventLog log;
  log.add({{"event", "read-cb"}});
  std::thread other([&] { log.add({{"event", "read-cb"}}); });
  EXPECT_TRUE(log.wait_event("read-cb", 2, long_time));
  other.join();
  EXPECT_EQ(log.count("read-cb"), 2U);
}

TEST(EventLog, a_wait_ends_unseen_when_the_log_has_ended) {
  EventLog log;
  std::thread other([&] { log.end(); });
  EXPECT_FALSE(log.wait_event("read-cb", 1, long_time));
  other.join();
}

TEST(EventLog, the_peer_waits_only_while_what_it_waits_for_is_not_there) {
  EventLog log;
  EXPECT_FALSE(log.peer_waits());
  std::thread peer([&] {
    EXPECT_TRUE(log.wait_event("log", 1, long_time));
    log.peer_is_at([] { return true; });
  });
  log.let_peer_come_to_wait(long_time);
  EXPECT_TRUE(log.peer_waits());
  log.add({{"event", "log"}});
  log.let_peer_come_to_wait(long_time);
  peer.join();
  EXPECT_TRUE(log.peer_waits());
}

}  // namespace
}  // namespace antiphon::conformance::cl_async
