#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;

std::string what_arrives(const std::function<void(socket&)>& write) {
  scene play;
  play.on_connect = [&](socket& which) {
    write(which);
    close_socket(which);
  };
  std::string got;
  play.play([&](peer& client) { got = client.read_all(); });
  return got;
}

TEST(socket_write, keeps_the_order_whatever_the_options_CL_103_CL_107_CL_119) {
  EXPECT_EQ(what_arrives([](socket& which) {
              write_socket_data(which, "A", {.write_cb = [](socket&) {}});
              write_socket_data(which, "B");
              write_socket_data(which, "C", {.force = true});
              write_socket_data(which, "D");
            }),
            "ABCD");
}

TEST(socket_write, start_and_end_choose_octets_CL_101) {
  EXPECT_EQ(what_arrives([](socket& which) {
              write_socket_data(which, "0123456789", {.start = 2, .end = 5});
              write_socket_data(which, "abc", {.start = 2, .end = 100});
              write_socket_data(which, "xyz", {.start = 7});
            }),
            "234c");
}

TEST(socket_write, the_writes_of_a_tick_make_one_request_CL_102_CL_109) {
  scene play;
  int calls = 0;
  play.on_connect = [&](socket& which) {
    write_socket_data(which, "a", {.write_cb = [&](socket& done) {
                        ++calls;
                        EXPECT_EQ(write_buffer_size(done), 0U);
                        close_socket(done);
                      }});
    write_socket_data(which, "b");
    write_socket_data(which, "c");
    EXPECT_EQ(calls, 0) << "CL-108";
    EXPECT_EQ(write_buffer_size(which), 3U);
  };
  std::string got;
  play.play([&](peer& client) { got = client.read_all(); });
  EXPECT_EQ(got, "abc");
  EXPECT_EQ(calls, 1);
}

TEST(socket_write, an_empty_write_calls_write_cb_CL_116) {
  scene play;
  int calls = 0;
  play.on_connect = [&](socket& which) {
    write_socket_data(which, "", {.write_cb = [&](socket& done) {
                        ++calls;
                        close_socket(done);
                      }});
  };
  play.play([](peer& client) { client.read_all(); });
  EXPECT_EQ(calls, 1);
}

TEST(socket_write, callbacks_given_with_a_write_replace_the_sockets_for_good_CL_105) {
  scene play;
  std::string second;
  play.on_read = [&](socket& which, std::string_view) {
    write_socket_data(which, "1", {.read_cb = [&](socket& later, std::span<const std::byte> octets) {
                        second.append(reinterpret_cast<const char*>(octets.data()), octets.size());
                        write_socket_data(later, "2");
                      }});
  };
  play.play([](peer& client) {
    client.send("a");
    EXPECT_EQ(client.read(1), "1");
    client.send("b");
    EXPECT_EQ(client.read(1), "2");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_EQ(second, "b");
  EXPECT_THAT(play.log, ElementsAre("connect", "read a", "event socket-eof closed", "close none"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
