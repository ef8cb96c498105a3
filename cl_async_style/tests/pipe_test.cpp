#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <filesystem>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using test_support::TemporaryFolder;

TEST(pipe, server_and_client_meet_at_a_path_that_goes_with_the_server_CL_099_CL_177) {
  const TemporaryFolder in;
  const std::string path = in.path("echo.sock");
  std::string got;
  start_event_loop([&] {
    const auto server = pipe_server(
        path, [](socket& which, std::span<const std::byte> octets) { write_socket_data(which, octets); });
    EXPECT_EQ(server_port(*server), 0);
    pipe_connect(path,
                 [&, server](socket& which, std::span<const std::byte> octets) {
                   got.assign(reinterpret_cast<const char*>(octets.data()), octets.size());
                   close_socket(which);
                   close_socket_server(*server);
                 },
                 {.data = "through a pipe"});
  });
  EXPECT_EQ(got, "through a pipe");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(pipe, the_peers_end_is_an_event_as_on_tcp_CL_070) {
  const TemporaryFolder in;
  const std::string path = in.path("end.sock");
  std::vector<std::string> log;
  std::thread thread;
  start_event_loop([&] {
    const auto server = pipe_server(path, {},
                                    {.event_cb =
                                         [&](const std::exception& event) {
                                           log.emplace_back(condition_cast<event_info>(event)->type_name());
                                         },
                                     .connect_cb = [&](socket& which) { EXPECT_EQ(peer_name(which), ""); },
                                     .close_cb =
                                         [&](socket&, const event_error*) {
                                           log.emplace_back("close");
                                           exit_event_loop();
                                         }});
    thread = std::thread([path] { peer client(path); });
  });
  thread.join();
  EXPECT_THAT(log, testing::ElementsAre("socket-eof", "close"));
}

TEST(pipe, a_path_in_use_and_a_folder_that_is_not_there_are_thrown_CL_100) {
  const TemporaryFolder in;
  start_event_loop([&] {
    const auto first = pipe_server(in.path("a.sock"), {});
    try {
      pipe_server(in.path("a.sock"), {});
      ADD_FAILURE() << "nothing thrown";
    } catch (const socket_address_in_use& error) {
      EXPECT_TRUE(error.server()) << "CL-088";
      EXPECT_THAT(error.what(), testing::HasSubstr("a.sock"));
    }
    EXPECT_THROW(pipe_server(in.path("nowhere/b.sock"), {}), filesystem_eacces);
    exit_event_loop();
  });
}

TEST(pipe, a_path_that_is_not_there_is_an_event_of_the_client_CL_177) {
  const TemporaryFolder in;
  std::vector<std::string> log;
  start_event_loop([&] {
    pipe_connect(in.path("nobody.sock"), {}, {.event_cb = [&](const std::exception& event) {
                   log.emplace_back(condition_cast<event_info>(event)->type_name());
                   EXPECT_TRUE(socket_closed_p(*event_socket(event)));
                 }});
    EXPECT_TRUE(log.empty());
  });
  EXPECT_THAT(log, testing::ElementsAre("streamish-enoent"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
