// event_loop_options::upstream_quirks: the harmless ones, brought back on request.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

struct quirky_scene : scene {
  quirky_scene() { loop_options.upstream_quirks = true; }
};

TEST(quirks, each_close_counts_CL_021) {
  quirky_scene play;
  std::vector<int> counts;
  play.on_connect = [&](socket& which) {
    for (int i = 0; i < 3; ++i) {
      counts.push_back(stats().incoming_tcp_connections);
      close_socket(which);
    }
  };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_THAT(counts, ElementsAre(1, 0, -1));
}

TEST(quirks, the_clients_of_pipes_are_not_counted_down_and_lookups_not_at_all_CL_021) {
  start_event_loop(
      [] {
        pipe_connect("/nobody/listens/here", {}, {.event_cb = [](const std::exception& event) {
                       EXPECT_NE(condition_cast<streamish_enoent>(event), nullptr);
                       EXPECT_EQ(stats().outgoing_tcp_connections, 1);
                     }});
        dns_lookup("127.0.0.1", [](const std::string&, address_family) {});
        EXPECT_EQ(stats().open_dns_queries, 0);
      },
      {.upstream_quirks = true});
}

TEST(quirks, a_forced_close_drops_also_a_large_write_CL_102_CL_112) {
  quirky_scene play;
  std::string arrived = "nothing";
  play.on_connect = [](socket& which) {
    write_socket_data(which, std::string(100'000, 'x'));
    close_socket(which, {.force = true});
  };
  play.play([&](peer& client) { arrived = client.read_all(); });
  EXPECT_EQ(arrived, "");
}

TEST(quirks, a_forced_write_overtakes_what_the_tick_has_gathered_CL_103) {
  quirky_scene play;
  std::string arrived;
  int told = 0;
  play.on_connect = [&](socket& which) {
    write_socket_data(which, "", {.write_cb = [&](socket&) { ++told; }});
    delay(
        [&, to = which.ref()] {
          told = 0;
          write_socket_data(*to, "gathered ");
          write_socket_data(*to, "forced ", {.force = true});
          write_socket_data(*to, "gathered");
          close_socket(*to);
        },
        {.time = milliseconds(1)});
  };
  play.play([&](peer& client) { arrived = client.read_all(); });
  EXPECT_EQ(arrived, "forced gathered gathered");
  EXPECT_EQ(told, 2);
}

TEST(quirks, an_error_in_connect_cb_leaves_the_socket_unread_CL_035) {
  quirky_scene play;
  play.keep_running = true;
  play.loop_options.catch_app_errors = true;
  play.on_connect = [](socket&) {
    delay([] { exit_event_loop(); }, {.time = milliseconds(20)});
    throw std::runtime_error("no");
  };
  play.play([](peer& client) {
    client.send("a");
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "event no", "close none"));
}

TEST(quirks, a_read_that_fills_the_buffer_is_followed_by_an_empty_one_CL_142) {
  quirky_scene play;
  std::atomic<bool> sent = false;
  std::atomic<bool> read = false;
  play.on_connect = [&](socket&) { wait_for(sent); };
  play.on_read = [&](socket&, std::string_view text) { read = text.empty(); };
  play.play([&](peer& client) {
    client.send(std::string(buffer_size, 'x'));
    sent = true;
    wait_for(read);
  });
  EXPECT_THAT(play.log,
              ElementsAre("connect", "read 65536", "read ", "event socket-eof closed", "close none"));
}

TEST(quirks, a_write_with_callbacks_is_overtaken_CL_107_but_not_lost_with_a_close_CL_119) {
  const auto what_arrives = [](const auto& write) {
    quirky_scene play;
    play.on_connect = write;
    std::string got;
    play.play([&](peer& client) { got = client.read_all(); });
    return got;
  };
  int calls = 0;
  EXPECT_EQ(what_arrives([&](socket& which) {
              write_socket_data(which, "A", {.write_cb = [&](socket& done) {
                                  ++calls;
                                  close_socket(done);
                                }});
              write_socket_data(which, "B");
              write_socket_data(which, "C", {.force = true});
            }),
            "CBA");
  EXPECT_EQ(calls, 1) << "the forced one was complete before the callback was there";
  EXPECT_EQ(what_arrives([](socket& which) {
              write_socket_data(which, "A", {.write_cb = [](socket&) {}});
              write_socket_data(which, "B");
              close_socket(which);
            }),
            "BA");
}

TEST(quirks, sockets_can_be_neither_enabled_nor_disabled_CL_144) {
  quirky_scene play;
  play.on_connect = [](socket& which) {
    EXPECT_THROW(enable_socket(which), std::logic_error);
    EXPECT_THROW(disable_socket(which), std::logic_error);
    close_socket(which);
  };
  play.play([](peer& client) { client.read_all(); });
}

TEST(quirks, dont_drain_read_buffer_without_stream_fails_with_the_first_data_CL_149) {
  const door server;
  const helper other_side([&] {
    const peer accepted(peer::adopt_t(), server.accept());
    accepted.send("x");
    accepted.read_all();
  });
  EXPECT_THROW(
      start_event_loop([&] { tcp_connect("127.0.0.1", server.port(), {}, {.dont_drain_read_buffer = true}); },
                       {.upstream_quirks = true}),
      std::logic_error);
}

TEST(quirks, timeouts_are_set_once_and_the_write_timeout_fires_whatever_is_written_CL_158_CL_159) {
  quirky_scene play;
  play.on_connect = [](socket& which) {
    set_socket_timeouts(which, {}, {});  // none: nothing that could be set again
    set_socket_timeouts(which, {}, milliseconds(10));
    EXPECT_THROW(set_socket_timeouts(which, {}, {}), std::logic_error);
    write_socket_data(which, "taken at once");
  };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-timeout closed", "close socket-timeout"));
}

TEST(quirks, an_error_ends_an_interval_CL_206) {
  int calls = 0;
  start_event_loop(
      [&] {
        interval(
            [&] {
              ++calls;
              throw std::runtime_error("once");
            },
            milliseconds(1));
      },
      {.catch_app_errors = [](const std::exception&) {}, .upstream_quirks = true});
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
