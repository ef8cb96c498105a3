#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;

TEST(socket_timeouts, end_the_connection_when_nothing_is_read_CL_157) {
  scene play;
  play.on_connect = [](socket& which) { set_socket_timeouts(which, milliseconds(5), {}); };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-timeout closed", "close socket-timeout"));
}

TEST(socket_timeouts, begin_again_with_each_read_CL_157) {
  scene play;
  play.on_connect = [](socket& which) { set_socket_timeouts(which, milliseconds(1500), {}); };
  play.on_read = [](socket& which, std::string_view) { write_socket_data(which, "."); };
  int answers = 0;
  play.play([&](peer& client) {
    for (int i = 0; i < 8; ++i) {  // together longer than the limit, each far below it
      std::this_thread::sleep_for(milliseconds(200));
      client.send("x");
      answers += client.read(1) == "." ? 1 : 0;
    }
    client.read_all();
  });
  EXPECT_EQ(answers, 8);
  EXPECT_EQ(play.log.back(), "close socket-timeout");
}

TEST(socket_timeouts, can_be_changed_and_removed_CL_159) {
  scene play;
  play.on_connect = [](socket& which) {
    set_socket_timeouts(which, milliseconds(1), milliseconds(1));
    set_socket_timeouts(which, {}, milliseconds(0));   // CL-155
    set_socket_timeouts(which, milliseconds(-1), {});  // CL-155
    delay([kept = which.ref()] { set_socket_timeouts(*kept, milliseconds(5), hours(1)); },
          {.time = milliseconds(10)});
  };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-timeout closed", "close socket-timeout"));
}

TEST(socket_timeouts, the_write_timeout_is_for_output_that_is_stuck_CL_158) {
  for (const bool stuck : {false, true}) {
    scene play;
    play.options.high_water = 100U << 20U;
    play.on_connect = [stuck](socket& which) {
      set_socket_timeouts(which, {}, milliseconds(10));
      write_socket_data(which, stuck ? std::string(16U << 20U, 'x') : std::string("taken at once"));
      if (!stuck) delay([kept = which.ref()] { close_socket(*kept); }, {.time = milliseconds(40)});
    };
    play.play([&](peer& client) {
      if (stuck) wait_for(play.over);  // it reads only when the server has given up
      client.read_all();
    });
    if (stuck)
      EXPECT_THAT(play.log, ElementsAre("connect", "event socket-timeout closed",
                                        "event streamish-canceled closed", "close socket-timeout"))
          << "CL-076, CL-161";
    else
      EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
  }
}

TEST(socket_timeouts, end_with_the_socket_CL_162) {
  scene play;
  play.on_connect = [](socket& which) {
    set_socket_timeouts(which, hours(1), hours(1));
    close_socket(which);
  };
  play.play([](peer& client) { client.read_all(); });  // ends although an hour is not over
  EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
