#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include <algorithm>
#include <atomic>

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

// With unread input the kernel would reset the connection at the close and cut what the peer has not read.
TEST(socket_close, input_that_nobody_read_does_not_cut_the_output_CL_121_CL_128) {
  scene play;
  play.options.high_water = 100U << 20U;
  std::promise<void> reads;
  std::promise<void> more_was_sent;
  play.on_read = [&](socket& which, std::string_view) {
    reads.set_value();
    more_was_sent.get_future().wait();
    write_socket_data(which, big);
    close_socket(which);
  };
  std::size_t size = 0;
  std::string end;
  play.play([&](peer& client) {
    client.send("go");
    reads.get_future().wait();
    client.send("nobody reads this");
    more_was_sent.set_value();
    size = client.read_all(&end).size();
  });
  EXPECT_EQ(size, big.size());
  EXPECT_EQ(end, "eof");
  EXPECT_THAT(play.log, ElementsAre("connect", "read go", "close none"));
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
    wait_for(play.over);
    size = client.read_all().size();
  });
  EXPECT_LT(size, big.size());
  EXPECT_THAT(play.log, ElementsAre("connect", "read now", "event streamish-canceled closed", "close none"));
}

TEST(socket_close, a_graceful_one_that_is_stuck_can_be_aborted) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.on_connect = [](socket& which) {
    write_socket_data(which, big);
    close_socket(which);
    close_socket(which);
    delay([kept = which.ref()] { abort_socket(*kept); }, {.time = std::chrono::milliseconds(5)});
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

TEST(socket_close, a_graceful_close_in_connect_cb_is_not_followed_by_reading_CL_130) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.on_connect = [](socket& which) {
    write_socket_data(which, big);
    close_socket(which);
  };
  std::size_t size = 0;
  play.play([&](peer& client) {
    client.send("x");
    client.shutdown_write();
    size = client.read_all().size();
  });
  EXPECT_EQ(size, big.size());
  EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
}

TEST(socket_close, a_second_forced_close_does_not_cut_a_graceful_one_but_abort_does_CL_124) {
  for (const bool cut : {false, true}) {
    scene play;
    play.options.high_water = 100U << 20U;
    play.on_connect = [cut](socket& which) {
      write_socket_data(which, big);
      close_socket(which);
      close_socket(which, {.force = true});
      if (cut) abort_socket(which);
    };
    std::size_t size = 0;
    play.play([&](peer& client) {
      if (cut) wait_for(play.over);
      size = client.read_all().size();
    });
    if (cut) {
      EXPECT_LT(size, big.size());
      EXPECT_THAT(play.log, ElementsAre("connect", "event streamish-canceled closed", "close none"));
    } else {
      EXPECT_EQ(size, big.size());
      EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
    }
  }
}

TEST(socket_close, forced_drops_what_is_only_gathered_without_an_event_CL_112) {
  scene play;
  play.on_connect = [](socket& which) {
    write_socket_data(which, "gathered");
    close_socket(which, {.force = true});
  };
  std::string got;
  play.play([&](peer& client) { got = client.read_all(); });
  EXPECT_EQ(got, "");
  EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
}

TEST(socket_close, write_cb_is_still_told_after_a_graceful_close_CL_126) {
  scene play;
  int told = 0;
  play.on_connect = [&](socket& which) {
    write_socket_data(which, "x", {.write_cb = [&](socket& done) {
                        ++told;
                        EXPECT_TRUE(socket_closed_p(done));
                      }});
    close_socket(which);
  };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_EQ(told, 1);
}

TEST(socket_close, the_descriptor_goes_with_the_fin_so_later_octets_of_the_peer_meet_a_reset_CL_129) {
  scene play;
  play.on_read = [](socket& which, std::string_view) { close_socket(which); };
  std::string end;
  play.play([&](peer& client) {
    client.send("go");
    client.read_all();
    client.send("more");
    client.send("again");
    client.read_all(&end);
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read go", "close none"));
}

TEST(socket_close, unread_input_makes_a_forced_close_a_reset_CL_122) {
  scene play;
  std::atomic<bool> sent = false;
  play.on_connect = [&](socket& which) {
    wait_for(sent);
    close_socket(which, {.force = true});
  };
  std::string end;
  play.play([&](peer& client) {
    client.send("never read");
    sent = true;
    client.read_all(&end);
  });
  EXPECT_EQ(end, "reset");
}

TEST(socket_close, the_streamish_names_are_the_same_functions_CL_132) {
  scene play;
  play.on_connect = [](socket& which) {
    check_streamish_open(which);
    streamish_write(which, "by the other name");
    EXPECT_FALSE(streamish_closed_p(which));
    close_streamish(which);
    EXPECT_TRUE(streamish_closed_p(which));
    try {
      check_streamish_open(which);
      ADD_FAILURE() << "nothing thrown";
    } catch (const streamish_closed& error) {
      EXPECT_EQ(error.event_errcode(), -1) << "CL-056";
      EXPECT_EQ(error.streamish().get(), &which);
    }
  };
  std::string got;
  play.play([&](peer& client) { got = client.read_all(); });
  EXPECT_EQ(got, "by the other name");
}

TEST(socket_close, a_write_that_fails_is_told_before_the_sockets_are_polled_again_CL_113_CL_147) {
  scene play;
  std::atomic<bool> reads = false;
  std::atomic<bool> gone = false;
  play.on_read = [&](socket& which, std::string_view) {
    reads = true;
    wait_for(gone);
    delay([to = which.ref()] { write_socket_data(*to, "x"); });
  };
  play.play([&](peer& client) {
    client.send("go");
    wait_for(reads);  // what was polled for knows nothing of the reset
    client.reset();
    gone = true;
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read go", "event socket-reset closed", "close socket-reset"))
      << "the kernel says it once: a read would find a mere end";
}

TEST(socket_close, a_write_to_a_connection_that_is_gone_is_a_broken_pipe_and_no_signal_CL_113) {
  scene play;
  std::atomic<bool> gone = false;
  play.on_read = [&](socket& which, std::string_view) {
    wait_for(gone);
    for (int i = 0; i < 50; ++i) {  // until the kernel knows
      write_socket_data(which, "x", {.force = true});
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  };
  play.play([&](peer& client) {
    client.send("go");
    client.close();
    gone = true;
  });
  ASSERT_GE(play.log.size(), 4U);
  EXPECT_EQ(play.log[2], "event streamish-broken-pipe closed");
  EXPECT_EQ(play.log.back(), "close streamish-broken-pipe");
}

TEST(socket_close, a_graceful_one_after_shutdown_socket_sends_all_and_ends) {
  scene play;
  play.options.high_water = 100U << 20U;
  play.on_connect = [](socket& which) {
    write_socket_data(which, big);
    shutdown_socket(which);
    close_socket(which);
  };
  std::size_t size = 0;
  play.play([&](peer& client) {
    client.send("unread");
    size = client.read_all().size();
  });
  EXPECT_EQ(size, big.size());
  EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
