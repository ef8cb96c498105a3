#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;

TEST(socket_flow, pause_comes_inside_the_write_that_goes_over_the_high_mark_and_resume_when_it_is_drained) {
  scene play;
  play.options.resume_write_cb = [](socket& which) {
    EXPECT_LE(write_buffer_size(which), get_write_buffer_limits(which).low);
    close_socket(which);
  };
  play.on_connect = [&](socket& which) {
    write_socket_data(which, std::string(65536, 'x'));
    EXPECT_THAT(play.log, ElementsAre("connect")) << "equal to the mark is not over it";
    write_socket_data(which, "y");
    EXPECT_THAT(play.log, ElementsAre("connect", "pause"));
    write_socket_data(which, std::string(4U << 20U, 'z'));
  };
  std::size_t size = 0;
  play.play([&](peer& client) { size = client.read_all().size(); });
  EXPECT_EQ(size, 65537U + (4U << 20U));
  EXPECT_THAT(play.log, ElementsAre("connect", "pause", "resume", "close none"));
}

TEST(socket_flow, an_echo_that_heeds_it_is_bounded_and_loses_nothing) {
  scene play;
  std::size_t most = 0;
  play.options.pause_write_cb = [](socket& which) { disable_socket(which); };
  play.options.resume_write_cb = [](socket& which) { enable_socket(which); };
  play.on_read = [&](socket& which, std::string_view text) {
    write_socket_data(which, text);
    most = std::max(most, write_buffer_size(which));
  };
  const std::size_t total = 16U << 20U;
  std::size_t back = 0;
  play.play([&](peer& client) {
    std::thread reader([&] {
      back = client.read(total).size();
      client.shutdown_write();
      client.read_all();
    });
    client.send(std::string(total, 'e'));
    reader.join();
  });
  EXPECT_EQ(back, total);
  EXPECT_LE(most, 65536U + 65536U);
}

TEST(socket_flow, new_limits_below_what_waits_pause_at_once) {
  scene play;
  play.on_connect = [&](socket& which) {
    write_socket_data(which, std::string(1000, 'x'));
    set_write_buffer_limits(which, 100);
    EXPECT_EQ(get_write_buffer_limits(which).low, 25U);
    EXPECT_EQ(play.log.back(), "pause");
    EXPECT_THROW(set_write_buffer_limits(which, 1, 2), std::invalid_argument);
  };
  play.play([](peer& client) {
    EXPECT_EQ(client.read(1000).size(), 1000U);
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "pause", "resume", "event socket-eof closed", "close none"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
