// The limits by a clock that is moved by hand: limits of an hour, tests of a moment.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::StartsWith;

class manual_clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  time_point look() {
    const std::scoped_lock lock(mutex_);
    ++looks_;
    looked_.notify_all();
    return now_;
  }
  /// Returns when all connections have been judged by the new time.
  void advance(milliseconds by) {
    std::unique_lock lock(mutex_);
    now_ += by;
    // The second look comes when the sweep of the first is over.
    const std::size_t enough = looks_ + 2;
    ASSERT_TRUE(looked_.wait_for(lock, std::chrono::seconds(30), [&] { return looks_ >= enough; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable looked_;
  time_point now_{hours(1000)};
  std::size_t looks_ = 0;
};

class limits_by_hand : public testing::Test {
 protected:
  // The shortest limit says how often the clock is looked at.
  static http_limits hours_each() {
    return {.request_timeout = hours(1),
            .body_timeout = hours(2),
            .keep_alive_timeout = hours(3),
            .response_timeout = hours(4),
            .linger_timeout = milliseconds(20)};
  }
  manual_clock clock;
  web server{[] {
               mount(app());
               defroute("GET", "/silent", [](const request&, response&, const auto&) {});
             },
             hours_each(),
             {},
             [this] { return clock.look(); }};
};

TEST_F(limits_by_hand, a_head_has_its_hour_and_no_more_SN_025) {
  client peer(server);
  peer.send("GET / HT");
  ASSERT_EQ(client(server).get("/"), "hello, world\n");  // by then the head has begun
  clock.advance(hours(1) - milliseconds(1));
  EXPECT_EQ(client(server).get("/"), "hello, world\n");
  clock.advance(milliseconds(1));
  EXPECT_THAT(peer.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(limits_by_hand, a_head_that_is_whole_before_its_hour_is_over_is_answered_SN_025) {
  client peer(server);
  peer.send("GET / HT");
  ASSERT_EQ(client(server).get("/"), "hello, world\n");
  clock.advance(hours(1) - milliseconds(1));
  peer.send("TP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(peer.answer(), "hello, world\n");
}

// One timer over idle and transfer would end it (Beast 1868).
TEST_F(limits_by_hand, a_body_has_its_time_from_each_piece_and_outlives_every_limit_SN_025) {
  client peer(server);
  peer.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nab");
  for (const std::string_view piece : {"cd", "ef", "gh", "ij"}) {
    ASSERT_EQ(client(server).get("/"), "hello, world\n");
    clock.advance(hours(2) - milliseconds(1));
    peer.send(piece);
  }
  unsigned status = 0;
  EXPECT_EQ(peer.answer(&status), "abcdefghij");
  EXPECT_EQ(status, 200U);
}

TEST_F(limits_by_hand, a_slow_reader_that_reads_is_served_to_the_end_SN_025) {
  constexpr std::size_t size = 1U << 26U;
  client peer(server, 4096);
  peer.send("GET /bytes/" + std::to_string(size) + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  std::size_t received = 0;
  for (int i = 0; i < 5; ++i) {
    received += peer.read(size / 8).size();  // more than the kernel holds: the server has sent meanwhile
    ASSERT_EQ(client(server).get("/"), "hello, world\n");
    clock.advance(hours(4) - milliseconds(1));
  }
  EXPECT_GT(received + peer.read_all().size(), size);
}

TEST_F(limits_by_hand, an_idle_connection_is_kept_up_to_its_limit_and_closed_at_it_SN_025) {
  client peer(server);
  ASSERT_EQ(peer.get("/"), "hello, world\n");
  clock.advance(hours(3) - milliseconds(1));
  ASSERT_EQ(peer.get("/"), "hello, world\n");  // which begins anew
  clock.advance(hours(3) - milliseconds(1));
  ASSERT_EQ(peer.get("/"), "hello, world\n");
  clock.advance(hours(3));
  EXPECT_EQ(peer.read_all(), "");
}

TEST_F(limits_by_hand, a_handler_that_does_not_answer_is_503_at_its_limit_SN_025) {
  client peer(server);
  peer.send("GET /silent HTTP/1.1\r\nHost: t\r\n\r\n");
  ASSERT_EQ(client(server).get("/"), "hello, world\n");
  clock.advance(hours(4));
  EXPECT_THAT(peer.read_all(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(limits_by_hand, while_the_clock_stands_still_nothing_is_over_SN_025) {
  client peer(server);
  peer.send("GET / HT");
  for (int i = 0; i < 10; ++i) clock.advance(milliseconds(0));
  peer.send("TP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(peer.answer(), "hello, world\n");
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
