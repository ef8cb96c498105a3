#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

void in_loop(const callback& fn) {
  start_event_loop(fn);
}

TEST(tcp_server, a_port_in_use_is_thrown_and_named_CL_087_CL_088) {
  in_loop([] {
    const auto first = tcp_server("127.0.0.1", 0, {});
    const std::uint16_t port = server_port(*first);
    try {
      tcp_server("127.0.0.1", port, {}, {.event_cb = [](const std::exception&) { FAIL() << "CL-072"; }});
      FAIL() << "nothing thrown";
    } catch (const socket_address_in_use& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("127.0.0.1:" + std::to_string(port)));
      EXPECT_LT(error.event_errcode(), 0);
    }
    exit_event_loop();
  });
}

TEST(tcp_server, an_address_of_another_machine_is_an_event_error_CL_088) {
  in_loop([] {
    EXPECT_THROW(tcp_server("192.0.2.1", 0, {}), event_error);
    EXPECT_THROW(tcp_server("localhost", 0, {}), std::invalid_argument) << "CL-082";
    EXPECT_THROW(tcp_server("", 0, {}), std::invalid_argument);
  });
}

TEST(tcp_server, closing_it_leaves_its_connections_alone_CL_097) {
  std::shared_ptr<socket_server> server;
  std::thread thread;
  std::string answer;
  in_loop([&] {
    server = tcp_server("127.0.0.1", 0, [&](socket& which, std::span<const std::byte> octets) {
      close_tcp_server(*server);
      close_tcp_server(*server);
      EXPECT_TRUE(tcp_server_closed(*server)) << "CL-098";
      write_socket_data(which, octets);
    });
    EXPECT_FALSE(tcp_server_closed(*server));
    thread = std::thread([&, port = server_port(*server)] {
      peer client(port);
      client.send("still here");
      answer = client.read(10);
    });
  });  // ends by itself when the connection is gone (CL-001)
  thread.join();
  EXPECT_EQ(answer, "still here");
}

TEST(tcp_server, the_positional_event_cb_works_also_as_none_T14_CL_081) {
  in_loop([] {
    tcp_server("127.0.0.1", 0, {}, event_callback(), {.backlog = 5});
    exit_event_loop();
  });
}

TEST(tcp_server, each_socket_has_its_own_data_and_peer_name_CL_132) {
  scene play;
  play.on_connect = [](socket& which) {
    EXPECT_FALSE(socket_data(which).has_value());
    socket_data(which) = std::string("mine");
    EXPECT_THAT(peer_name(which), testing::StartsWith("127.0.0.1:"));
    close_socket(which);
  };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_EQ(std::any_cast<std::string>(socket_data(*play.last)), "mine");
}

TEST(tcp_server, takes_IPv4_clients_on_the_IPv6_wildcard_CL_083) {
  std::thread thread;
  bool connected = false;
  in_loop([&] {
    std::shared_ptr<socket_server> server;
    try {
      server = tcp_server("::", 0, {}, {.connect_cb = [&](socket&) {
                            connected = true;
                            exit_event_loop();
                          }});
    } catch (const event_error& error) {
      connected = true;  // a machine without IPv6
      return;
    }
    thread = std::thread([port = server_port(*server)] { peer(port).read_all(); });
  });
  if (thread.joinable()) thread.join();
  EXPECT_TRUE(connected);
}

TEST(tcp_server, without_a_loop_there_is_an_error_CL_009) {
  EXPECT_THROW(tcp_server("127.0.0.1", 0, {}), std::logic_error);
  EXPECT_THROW(delay([] {}), std::logic_error);
}

TEST(tcp_server, several_are_independent_and_each_has_its_callbacks_CL_080) {
  std::vector<std::string> log;
  std::thread thread;
  in_loop([&] {
    std::array<std::uint16_t, 2> ports{};
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const auto server = tcp_server({}, 0, [&log, i](socket& which, std::span<const std::byte>) {
        log.push_back("read " + std::to_string(i));
        if (log.size() == 2) exit_event_loop();
        close_socket(which);
      });
      ports.at(i) = server_port(*server);
      EXPECT_NE(ports.at(i), 0) << "CL-084";
    }
    thread = std::thread([ports] {
      for (const std::uint16_t port : ports) {
        const peer client(port);
        client.send("x");
        client.read_all();
      }
    });
  });
  thread.join();
  EXPECT_THAT(log, testing::ElementsAre("read 0", "read 1"));
}

TEST(tcp_server, the_backlog_is_what_was_asked_for_or_128_CL_085) {
  in_loop([] {
    for (const int backlog : {-1, 0, 1, 500})
      EXPECT_NO_THROW(tcp_server("127.0.0.1", 0, {}, {.backlog = backlog}));
    exit_event_loop();
  });
}

TEST(tcp_server, a_descriptor_that_is_given_is_listened_on_CL_086) {
  const door bound;
  std::string got;
  std::thread thread;
  in_loop([&] {
    const auto server = tcp_server("127.0.0.1", 1,
                                   [&](socket&, std::span<const std::byte> octets) {
                                     got.assign(reinterpret_cast<const char*>(octets.data()), octets.size());
                                     exit_event_loop();
                                   },
                                   {.fd = ::dup(bound.fd())});
    EXPECT_EQ(server_port(*server), bound.port());
    thread = std::thread([port = bound.port()] {
      const peer client(port);
      client.send("a");
      client.read_all();
    });
  });
  thread.join();
  EXPECT_EQ(got, "a");
  in_loop([] { EXPECT_THROW(tcp_server("127.0.0.1", 0, {}, {.fd = -1}), event_error); });
}

TEST(tcp_server, all_that_wait_are_accepted_before_any_is_read_CL_093) {
  std::vector<std::string> log;
  std::vector<std::unique_ptr<peer>> clients;
  in_loop([&] {
    const auto server = tcp_server("127.0.0.1", 0,
                                   [&](socket&, std::span<const std::byte>) {
                                     log.emplace_back("read");
                                     if (log.size() == 4) exit_event_loop();
                                   },
                                   {.connect_cb = [&](socket&) { log.emplace_back("connect"); }});
    for (int i = 0; i < 2; ++i) {
      clients.push_back(std::make_unique<peer>(server_port(*server)));
      clients.back()->send("x");
    }
  });
  EXPECT_THAT(log, testing::ElementsAre("connect", "connect", "read", "read"));
}

TEST(tcp_server, an_error_of_accepting_is_told_at_once_and_the_listener_stays_open_CL_094) {
  const door bound;
  int told = 0;
  std::shared_ptr<socket_server> server;
  in_loop([&] {
    server = tcp_server("127.0.0.1", 1, {},
                        {.event_cb =
                             [&](const std::exception& event) {
                               ++told;
                               EXPECT_EQ(condition_cast<event_error>(event)->type_name(), "event-error");
                               EXPECT_EQ(event_socket(event), nullptr);
                               EXPECT_FALSE(socket_server_closed(*server));
                               close_socket_server(*server);
                             },
                         .fd = ::dup(bound.fd())});
    ::shutdown(bound.fd(), SHUT_RD);  // from now on accepting fails
  });
  EXPECT_EQ(told, 1);
}

TEST(tcp_server, an_accepted_socket_has_no_write_cb_and_no_timeout_CL_092) {
  scene play;
  play.on_connect = [](socket& which) {
    write_socket_data(which, "x");
    delay(
        [kept = which.ref()] {
          EXPECT_FALSE(socket_closed_p(*kept));
          close_socket(*kept);
        },
        {.time = std::chrono::milliseconds(5)});
  };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_THAT(play.log, testing::ElementsAre("connect", "close none"));
}

TEST(tcp_server, is_closed_when_the_loop_is_left_CL_090) {
  std::shared_ptr<socket_server> server;
  in_loop([&] {
    server = tcp_server_new("127.0.0.1", 0, {});
    exit_event_loop();
  });
  EXPECT_TRUE(tcp_server_closed(*server));
  EXPECT_EQ(server_port(*server), 0);
}

TEST(tcp_server, is_closed_among_the_exit_callbacks_in_their_order_CL_090_CL_012) {
  std::vector<bool> closed;
  in_loop([&] {
    const auto server = std::make_shared<std::shared_ptr<socket_server>>();
    const auto look = [&closed, server] { closed.push_back(tcp_server_closed(**server)); };
    add_event_loop_exit_callback(look);
    *server = tcp_server("127.0.0.1", 0, {});
    add_event_loop_exit_callback(look);
    close_tcp_server(*tcp_server("127.0.0.1", 0, {}));  // and does not come again
    exit_event_loop();
  });
  EXPECT_THAT(closed, testing::ElementsAre(false, true)) << "the last first";
}

TEST(tcp_server, one_that_is_in_use_is_named_by_the_condition_CL_088) {
  in_loop([] {
    const auto first = tcp_server("127.0.0.1", 0, {});
    try {
      tcp_server("127.0.0.1", server_port(*first), {});
      ADD_FAILURE() << "nothing thrown";
    } catch (const socket_address_in_use& error) {
      ASSERT_TRUE(error.server());
      EXPECT_TRUE(socket_server_closed(*error.server())) << "CL-087";
      EXPECT_EQ(error.streamish(), nullptr);
    }
    exit_event_loop();
  });
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
