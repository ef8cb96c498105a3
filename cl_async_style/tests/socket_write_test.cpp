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
    write_socket_data(which, "-", {.write_cb = [&](socket& done) {
                        EXPECT_EQ(write_buffer_size(done), 0U);
                        if (++calls == 2) close_socket(done);
                        if (calls > 1) return;
                        write_socket_data(done, "a");
                        write_socket_data(done, "b");
                        write_socket_data(done, "c");
                        EXPECT_EQ(calls, 1) << "CL-108";
                        EXPECT_EQ(write_buffer_size(done), 3U);
                      }});
    EXPECT_EQ(calls, 0) << "CL-108";
  };
  std::string got;
  play.play([&](peer& client) { got = client.read_all(); });
  EXPECT_EQ(got, "-abc");
  EXPECT_EQ(calls, 2);
}

TEST(socket_write, write_cb_is_told_of_each_request_that_cl_async_would_make_CL_108) {
  const auto calls_for = [](const socket_callback& write) {
    scene play;
    int calls = 0;
    play.on_connect = [&](socket& which) {
      write_socket_data(which, "", {.write_cb = [&](socket&) { ++calls; }});
      delay(
          [&, kept = which.ref()] {
            write(*kept);
            close_socket(*kept);
          },
          {.time = std::chrono::milliseconds(2)});
    };
    play.play([](peer& client) { client.read_all(); });
    return calls - 1;
  };
  EXPECT_EQ(calls_for([](socket& which) {
              for (int i = 0; i < 3; ++i) write_socket_data(which, "x", {.force = true});
            }),
            3);
  EXPECT_EQ(calls_for([](socket& which) {
              for (int i = 0; i < 3; ++i) write_socket_data(which, "x");
            }),
            1);
  EXPECT_EQ(calls_for([](socket& which) {
              write_socket_data(which, "x");
              write_socket_data(which, "y", {.event_cb = [](const std::exception&) {}});
            }),
            2)
      << "those with callbacks are a request of their own (CL-107)";
  EXPECT_EQ(calls_for([](socket& which) {
              buffer_writes(false);
              for (int i = 0; i < 3; ++i) write_socket_data(which, "x");
            }),
            3)
      << "CL-103";
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
