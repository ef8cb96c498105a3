#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;

// CL-140, CL-141: read_cb gets the octets, in whatever pieces; CL-148: none after the end.
TEST(socket_read, all_octets_come_in_order_before_the_end_CL_145) {
  std::string sent(1'000'000, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i % 251);
  scene play;
  std::string got;
  play.on_read = [&](socket&, std::string_view text) {
    EXPECT_LE(text.size(), 65536U) << "CL-007";
    EXPECT_FALSE(text.empty()) << "CL-142";
    got += text;
  };
  play.play([&](peer& client) {
    client.send(sent);
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_TRUE(got == sent);
  EXPECT_EQ(play.log[play.log.size() - 2], "event socket-eof closed");
}

TEST(socket_read, nothing_is_read_before_connect_cb_returned_CL_091) {
  scene play;
  play.on_connect = [&](socket&) { EXPECT_EQ(play.log.size(), 1U); };
  play.play([](peer& client) {
    client.send("early");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_EQ(play.log[1], "read early");
}

TEST(socket_read, disable_in_connect_cb_holds_octets_and_end_back_until_enable_CL_144) {
  scene play;
  play.on_connect = [&](socket& which) {
    disable_socket(which);
    EXPECT_FALSE(socket_enabled_p(which));
    delay(
        [&play, kept = which.ref()] {
          play.log.emplace_back("enable");
          enable_socket(*kept);
        },
        {.time = std::chrono::milliseconds(10)});
  };
  play.play([](peer& client) {
    client.send("held");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_THAT(play.log,
              ElementsAre("connect", "enable", "read held", "event socket-eof closed", "close none"));
}

TEST(socket_read, disable_in_read_cb_stops_the_next_one) {
  scene play;
  play.on_read = [&](socket& which, std::string_view) {
    disable_socket(which);
    delay([&play, kept = which.ref()] {
      play.log.emplace_back("enable");
      enable_socket(*kept);
    });
  };
  play.play([](peer& client) {
    client.send(std::string(150'000, 'z'));
    client.shutdown_write();
    client.read_all();
  });
  for (std::size_t i = 1; i + 2 < play.log.size(); ++i)
    EXPECT_THAT(play.log[i], testing::StartsWith(i % 2 == 1 ? "read" : "enable"));
}

TEST(socket_read, an_error_of_read_cb_leaves_the_socket_open_CL_034) {
  scene play;
  play.loop_options.catch_app_errors = true;
  int calls = 0;
  play.on_read = [&](socket& which, std::string_view) {
    write_socket_data(which, "ok");
    if (++calls == 1) throw std::runtime_error("first one fails");
  };
  play.play([](peer& client) {
    client.send("a");
    EXPECT_EQ(client.read(2), "ok");
    client.send("b");
    EXPECT_EQ(client.read(2), "ok");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read a", "event first one fails", "read b",
                                    "event socket-eof closed", "close none"));
}

TEST(socket_read, a_read_that_fills_the_buffer_exactly_is_not_followed_by_an_empty_one_CL_142) {
  scene play;
  std::atomic<bool> sent = false;
  play.on_connect = [&](socket&) { wait_for(sent); };
  play.on_read = [](socket& which, std::string_view) { write_socket_data(which, "seen"); };
  play.play([&](peer& client) {
    client.send(std::string(buffer_size, 'x'));
    sent = true;
    EXPECT_EQ(client.read(4), "seen");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read 65536", "event socket-eof closed", "close none"));
}

TEST(socket_read, without_a_read_cb_input_is_dropped_and_the_end_told_CL_143) {
  std::vector<std::string> log;
  std::thread thread;
  start_event_loop([&] {
    const auto server = tcp_server("127.0.0.1", 0, nullptr, {.event_cb = [&](const std::exception& event) {
                                     log.emplace_back(condition_cast<event_info>(event)->type_name());
                                     exit_event_loop();
                                   }});
    thread = std::thread([port = server_port(*server)] {
      peer client(port);
      client.send(std::string(200'000, 'x'));
    });
  });
  thread.join();
  EXPECT_THAT(log, ElementsAre("socket-eof"));
}

TEST(socket_read, without_an_event_cb_the_end_closes_all_the_same_CL_073) {
  std::thread thread;
  bool closed = false;
  start_event_loop([&] {
    const auto server =
        tcp_server("127.0.0.1", 0, {}, {.close_cb = [&](socket& which, const event_error* cause) {
                     closed = socket_closed_p(which) && cause == nullptr;
                     exit_event_loop();
                   }});
    thread = std::thread([port = server_port(*server)] { peer client(port); });
  });
  thread.join();
  EXPECT_TRUE(closed);
}

TEST(socket_read, an_uncaught_error_leaves_the_loop_which_closes_everything_CL_030) {
  scene play;
  play.on_read = [](socket&, std::string_view) { throw std::runtime_error("out"); };
  EXPECT_THROW(play.play([](peer& client) {
    client.send("a");
    client.read_all();
  }),
               std::runtime_error);
  EXPECT_THAT(play.log, ElementsAre("connect", "read a", "close none"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
