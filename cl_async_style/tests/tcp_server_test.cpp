#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace antiphon::cl_async_style::test
