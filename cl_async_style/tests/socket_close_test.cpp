#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

const std::string big(8U << 20U, 'x');

TEST(socket_close, a_local_close_in_connect_cb_is_told_by_close_cb_only_CL_125) {
  scene play;
  play.on_connect = [](socket& which) {
    close_socket(which);
    EXPECT_TRUE(socket_closed_p(which)) << "CL-120";
  };
  play.play([](peer& client) {
    client.send("unread");
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
}

TEST(socket_close, the_peers_end_is_an_event_on_a_closed_socket_then_close_cb_CL_070) {
  scene play;
  play.play([](peer& client) {
    client.send("question");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read question", "event socket-eof closed", "close none"));
}

TEST(socket_close, a_reset_is_an_event_and_the_cause_CL_147) {
  scene play;
  std::shared_ptr<socket> seen;
  play.on_read = [](socket& which, std::string_view) { write_socket_data(which, "go"); };
  play.play([](peer& client) {
    client.send("a");
    EXPECT_EQ(client.read(2), "go");
    client.reset();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read a", "event socket-reset closed", "close socket-reset"));
}

TEST(socket_close, graceful_sends_everything_first_CL_121) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.on_connect = [](socket& which) {
    write_socket_data(which, big);
    close_socket(which);
    write_socket_data(which, "too late");
  };
  std::size_t size = 0;
  std::string end;
  play.play([&](peer& client) { size = client.read_all(&end).size(); });
  EXPECT_EQ(size, big.size());
  EXPECT_EQ(end, "eof");
  EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
}

TEST(socket_close, output_that_waits_at_the_peers_end_is_still_sent_CL_146) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.on_read = [](socket& which, std::string_view) { write_socket_data(which, big); };
  std::size_t size = 0;
  play.play([&](peer& client) {
    client.send("q");
    client.shutdown_write();
    size = client.read_all().size();
  });
  EXPECT_EQ(size, big.size());
  EXPECT_THAT(play.log, ElementsAre("connect", "read q", "event socket-eof closed", "close none"));
}

TEST(socket_close, forced_drops_the_rest_and_tells_of_the_request_in_flight_CL_118_CL_122) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.on_connect = [](socket& which) { write_socket_data(which, big, {.force = true}); };
  play.on_read = [](socket& which, std::string_view) { close_socket(which, {.force = true}); };
  std::size_t size = 0;
  play.play([&](peer& client) {
    client.send("now");
    size = client.read_all().size();
  });
  EXPECT_LT(size, big.size());
  EXPECT_THAT(play.log, ElementsAre("connect", "read now", "event streamish-canceled closed", "close none"));
}

TEST(socket_close, a_second_close_does_nothing_but_force_ends_a_graceful_one_that_is_stuck_CL_124) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.on_connect = [](socket& which) {
    write_socket_data(which, big);
    close_socket(which);
    close_socket(which);
    delay([kept = which.ref()] { close_socket(*kept, {.force = true}); },
          {.time = std::chrono::milliseconds(5)});
  };
  play.play([](peer& client) {
    std::string first = client.read(1);
    client.read_all();
  });
  EXPECT_EQ(play.log.back(), "close none");
  EXPECT_EQ(std::count(play.log.begin(), play.log.end(), "close none"), 1);
}

TEST(socket_close, a_reset_during_a_graceful_close_is_told_CL_127) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.on_read = [](socket& which, std::string_view) {
    write_socket_data(which, big);
    close_socket(which);
  };
  play.play([](peer& client) {
    client.send("go");
    EXPECT_EQ(client.read(10).size(), 10U);
    client.reset();
  });
  ASSERT_EQ(play.log.size(), 4U);
  EXPECT_THAT(play.log[2], testing::StartsWith("event "));
  EXPECT_THAT(play.log[3], Not("close none"));
}

TEST(socket_close, close_in_read_cb_stops_delivery_CL_131) {
  scene play;
  play.on_read = [](socket& which, std::string_view) { close_socket(which); };
  play.play([](peer& client) {
    client.send(std::string(200'000, 'y'));
    client.read_all();
  });
  EXPECT_EQ(play.log.size(), 3U);
  EXPECT_EQ(play.log.back(), "close none");
}

TEST(socket_close, everything_is_harmless_on_a_closed_socket_CL_111) {
  scene play;
  play.on_connect = [](socket& which) { close_socket(which); };
  play.play([](peer& client) { client.read_all(); });
  socket& gone = *play.last;
  write_socket_data(gone, "x");
  close_socket(gone, {.force = true});
  disable_socket(gone);
  enable_socket(gone);
  shutdown_socket(gone);
  socket_data(gone) = 42;
  EXPECT_EQ(write_buffer_size(gone), 0U);
  EXPECT_EQ(std::any_cast<int>(socket_data(gone)), 42) << "CL-132";
  EXPECT_THROW(set_socket_timeouts(gone, std::chrono::seconds(1), {}), streamish_closed) << "CL-156";
}

TEST(socket_close, half_open_lets_an_answer_out_after_the_peers_end) {
  scene play;
  play.options.allow_half_open = true;
  play.on_event = [](socket& which, const std::exception&) {
    delay(
        [kept = which.ref()] {
          write_socket_data(*kept, "late answer");
          close_socket(*kept);
        },
        {.time = std::chrono::milliseconds(2)});
  };
  std::string answer;
  play.play([&](peer& client) {
    client.shutdown_write();
    answer = client.read_all();
  });
  EXPECT_EQ(answer, "late answer");
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-eof open", "close none"));
}

TEST(socket_close, shutdown_socket_ends_only_the_sending_side) {
  scene play;
  play.on_connect = [](socket& which) {
    write_socket_data(which, "all of it");
    shutdown_socket(which);
    write_socket_data(which, "dropped");
  };
  std::string got;
  play.play([&](peer& client) {
    got = client.read_all();
    client.send("still heard");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_EQ(got, "all of it");
  EXPECT_THAT(play.log, ElementsAre("connect", "read still heard", "event socket-eof closed", "close none"));
}

TEST(socket_close, timeouts_end_the_connection_CL_157) {
  scene play;
  play.on_connect = [](socket& which) {
    set_socket_timeouts(which, std::chrono::hours(1), {});
    set_socket_timeouts(which, std::chrono::milliseconds(5), {});  // may be changed, unlike upstream (CL-159)
  };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-timeout closed", "close socket-timeout"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
