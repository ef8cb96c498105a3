#include <gtest/gtest.h>
#include <antiphon/test_support/counted_new.hpp>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using test_support::allocations_of_this_thread;

TEST(allocation, an_echo_makes_none_once_warm) {
  std::thread thread;
  int rounds = 0;
  std::size_t before = 0;
  std::size_t during = 1;
  start_event_loop([&] {
    const auto server = tcp_server("127.0.0.1", 0,
                                   [&](socket& which, std::span<const std::byte> octets) {
                                     if (++rounds == 10) before = allocations_of_this_thread();
                                     if (rounds == 1010) during = allocations_of_this_thread() - before;
                                     write_socket_data(which, octets);
                                   },
                                   {.close_cb = [](socket&, const event_error*) { exit_event_loop(); }});
    thread = std::thread([port = server_port(*server)] {
      const peer client(port);
      for (int i = 0; i < 1020; ++i) {
        client.send("hello");
        ASSERT_EQ(client.read(5), "hello");
      }
    });
  });
  thread.join();
  EXPECT_GE(rounds, 1010);
  EXPECT_EQ(during, 0U);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
