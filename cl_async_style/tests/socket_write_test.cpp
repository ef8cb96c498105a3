#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

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

TEST(socket_write, the_event_cb_of_a_write_is_told_of_what_comes_later_CL_074_CL_075) {
  scene play;
  std::string told;
  play.on_read = [&](socket& which, std::string_view) {
    write_socket_data(which, "ack", {.event_cb = [&](const std::exception& event) {
                        told = condition_cast<event_info>(event)->type_name();
                        EXPECT_EQ(event_socket(event), play.last);
                      }});
  };
  play.play([](peer& client) {
    client.send("one");
    EXPECT_EQ(client.read(3), "ack");
  });
  EXPECT_EQ(told, "socket-eof");
  EXPECT_THAT(play.log, ElementsAre("connect", "read one", "close none"));
}

TEST(socket_write, an_event_of_the_same_poll_still_goes_to_the_old_event_cb_CL_074) {
  scene play;
  std::atomic<bool> sent = false;
  bool new_one = false;
  play.on_connect = [&](socket&) { wait_for(sent); };
  play.on_read = [&](socket& which, std::string_view) {
    write_socket_data(which, "", {.event_cb = [&](const std::exception&) { new_one = true; }});
  };
  play.play([&](peer& client) {
    client.send("last words");
    client.reset();  // read with them: the end is told behind them (CL-147)
    sent = true;
  });
  EXPECT_FALSE(new_one);
  EXPECT_THAT(play.log, ElementsAre("connect", "read last words", "event socket-eof closed", "close none"));
}

TEST(socket_write, a_read_of_the_same_poll_still_goes_to_the_old_read_cb_CL_106) {
  scene play;
  std::atomic<bool> sent = false;
  std::string second;
  play.on_connect = [&](socket&) { wait_for(sent); };
  play.on_read = [&](socket& which, std::string_view) {
    write_socket_data(which, "1", {.read_cb = [&](socket&, std::span<const std::byte> octets) {
                        second.append(reinterpret_cast<const char*>(octets.data()), octets.size());
                      }});
  };
  play.play([&](peer& client) {
    client.send(std::string(100'000, 'x'));  // two reads of one poll (CL-007)
    sent = true;
    EXPECT_EQ(client.read(2), "11");
    client.send("later");
  });
  EXPECT_EQ(second, "later");
  EXPECT_THAT(play.log,
              ElementsAre("connect", "read 65536", "read 34464", "event socket-eof closed", "close none"));
}

TEST(socket_write, the_data_is_copied_CL_117) {
  EXPECT_EQ(what_arrives([](socket& which) {
              std::string text = "mine";
              write_socket_data(which, text);
              text = "gone";
            }),
            "mine");
}

TEST(socket_write, there_is_no_limit_but_marks_to_heed_CL_115) {
  scene play;
  play.on_connect = [](socket& which) {
    for (int i = 0; i < 64; ++i) write_socket_data(which, std::string(1U << 20U, 'x'));
    EXPECT_EQ(write_buffer_size(which), 64U << 20U);
    close_socket(which);  // however long it takes (CL-128)
  };
  std::size_t size = 0;
  play.play([&](peer& client) { size = client.read_all().size(); });
  EXPECT_EQ(size, 64U << 20U);
  EXPECT_THAT(play.log, ElementsAre("connect", "pause", "close none"));
}

TEST(socket_write, requests_behind_one_in_flight_are_told_of_too_CL_109_CL_116) {
  scene play;
  int calls = 0;
  bool closed_at_last = false;
  play.options.high_water = 100U << 20U;
  play.on_read = [&](socket& which, std::string_view) {
    write_socket_data(which, std::string(4U << 20U, 'x'));
    write_socket_data(which, "", {.write_cb = [&](socket& done) {
                        ++calls;
                        closed_at_last = socket_closed_p(done);
                        close_socket(done);
                      }});
  };
  std::size_t size = 0;
  play.play([&](peer& client) {
    client.send("go");
    size = client.read_all().size();
  });
  EXPECT_EQ(size, 4U << 20U);
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(closed_at_last) << "the first of them closed it";
}

// The plain write's request is gone before the callback is installed, but told of after it.
TEST(socket_write, a_write_cb_is_told_of_the_plain_write_before_it_in_the_tick_CL_105_CL_109) {
  scene play;
  play.on_read = [&](socket& which, std::string_view) {
    write_socket_data(which, "plain ");
    write_socket_data(which, "with-cb", {.write_cb = [&](socket&) { play.log.emplace_back("written"); }});
    delay([which = which.ref()] { close_socket(*which); });
  };
  play.play([](peer& client) {
    client.send("go");
    EXPECT_EQ(client.read_all(), "plain with-cb");
  });
  EXPECT_THAT(play.log, testing::ElementsAre("connect", "read go", "written", "written", "close none"));
}

TEST(socket_write, large_and_small_writes_arrive_in_order) {
  const std::string large(40'000, 'L');
  EXPECT_EQ(what_arrives([&](socket& which) {
              write_socket_data(which, large);
              write_socket_data(which, "a");
              write_socket_data(which, large);
              write_socket_data(which, large, {.force = true});
              write_socket_data(which, "b", {.write_cb = [](socket&) {}});
              write_socket_data(which, large);
            }),
            large + "a" + large + large + "b" + large);
}

// It is handed to the kernel from where it is, and nobody can tell.
TEST(socket_write, a_large_write_counts_as_waiting_until_its_tick_CL_102_CL_109) {
  constexpr std::size_t large = 30'000;
  scene play;
  play.on_connect = [&](socket& which) {
    write_socket_data(which, "", {.write_cb = [&](socket& done) {
                        EXPECT_EQ(write_buffer_size(done), 0U);
                        play.log.emplace_back("written");
                      }});
  };
  play.on_read = [&](socket& which, std::string_view) {
    for (std::size_t i = 1; i <= 3; ++i) {
      write_socket_data(which, std::string(large, 'L'));
      EXPECT_EQ(write_buffer_size(which), i * large);
    }
    delay([which = which.ref()] { delay([which] { close_socket(*which); }); });
  };
  std::size_t size = 0;
  play.play([&](peer& client) {
    client.send("go");
    size = client.read_all().size();
  });
  EXPECT_EQ(size, 3 * large);
  EXPECT_THAT(play.log,
              ElementsAre("connect", "written", "read go", "pause", "resume", "written", "close none"));
}

TEST(socket_write, an_end_of_sending_waits_for_the_tick_of_an_empty_or_a_large_write) {
  for (const std::size_t size : {0U, 20'000U}) {
    scene play;
    play.on_connect = [&](socket& which) {
      write_socket_data(which, std::string(size, 'x'));
      shutdown_socket(which);
      EXPECT_EQ(write_buffer_size(which), size);
    };
    std::string got;
    play.play([&](peer& client) {
      got = client.read_all();
      client.shutdown_write();
    });
    EXPECT_EQ(got.size(), size);
    EXPECT_THAT(play.log, ElementsAre("connect", "event socket-eof closed", "close none"));
  }
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
