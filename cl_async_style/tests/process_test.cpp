#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;

std::string text_of(std::span<const std::byte> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

TEST(process, its_input_and_output_are_sockets_and_its_end_is_told_CL_232) {
  std::string output;
  std::string errors;
  std::int64_t status = -1;
  start_event_loop([&] {
    const auto made = spawn("sh", {"-c", "read line; echo \"got $line\"; echo wrong >&2; exit 3"},
                            {.exit_cb =
                                 [&](process&, std::int64_t code, int signo) {
                                   status = code;
                                   EXPECT_EQ(signo, 0);
                                 },
                             .input = redirection::pipe({}, {.data = "hel"}),
                             .output = redirection::pipe([&](socket&, std::span<const std::byte> octets) {
                               output += text_of(octets);
                             }),
                             .error_output = redirection::stream([&](socket&, async_io_stream& stream) {
                               while (const auto octet = stream.read_byte())
                                 errors += static_cast<char>(*octet);
                             })});
    write_socket_data(*process_input(*made), "lo\n");
    EXPECT_TRUE(process_output(*made));
    EXPECT_TRUE(socket_stream(*process_error_output(*made)));
    close_socket(*process_input(*made));
  });
  EXPECT_EQ(output, "got hello\n");
  EXPECT_EQ(errors, "wrong\n");
  EXPECT_EQ(status, 3);
}

TEST(process, the_end_of_its_output_is_an_event_like_a_sockets_CL_232) {
  std::vector<std::string> log;
  start_event_loop([&] {
    spawn("true", {},
          {.output = redirection::pipe(
               {}, {.event_cb =
                        [&](const std::exception& event) {
                          log.emplace_back(condition_cast<event_info>(event)->type_name());
                        },
                    .close_cb = [&](socket&, const event_error*) { log.emplace_back("close"); }})});
  });
  EXPECT_THAT(log, ElementsAre("socket-eof", "close"));
}

TEST(process, can_be_killed_until_it_has_ended_CL_232) {
  int by = 0;
  std::shared_ptr<process> made;
  start_event_loop([&] {
    made = spawn("sleep", {"3600"}, {.exit_cb = [&](process& which, std::int64_t, int signo) {
                   by = signo;
                   EXPECT_FALSE(process_kill(which, SIGTERM));
                 }});
    EXPECT_THROW(process_kill(*made, 4711), event_error);
    EXPECT_TRUE(process_kill(*made, SIGTERM));
  });
  EXPECT_EQ(by, SIGTERM);
  EXPECT_FALSE(process_kill(*made, SIGTERM));
}

TEST(process, environment_and_folder_can_be_given_CL_232) {
  std::string output;
  start_event_loop([&] {
    spawn("/bin/sh", {"-c", "echo $WHO; pwd"},
          {.output = redirection::pipe(
               [&](socket&, std::span<const std::byte> octets) { output += text_of(octets); }),
           .env = std::vector<std::string>{"WHO=me"},
           .working_directory = "/"});
  });
  EXPECT_EQ(output, "me\n/\n");
}

TEST(process, a_program_that_is_none_is_thrown_and_its_pipes_are_closed_CL_072) {
  bool closed = false;
  start_event_loop([&] {
    EXPECT_THROW(spawn("/no/such/program", {},
                       {.event_cb = [](const std::exception&) { ADD_FAILURE(); },
                        .input = redirection::pipe(
                            {}, {.close_cb = [&](socket&, const event_error*) { closed = true; }})}),
                 filesystem_enoent);
  });
  EXPECT_TRUE(closed);
}

TEST(process, what_is_written_to_its_output_is_refused_where_it_is_written_CL_114) {
  std::string told;
  start_event_loop(
      [&] {
        const auto made = spawn("sleep", {"3600"}, {.output = redirection::pipe()});
        EXPECT_THROW(write_socket_data(*process_output(*made), "x", {.force = true}), streamish_broken_pipe);
        write_socket_data(*process_output(*made), "x");  // its tick has nobody to tell but the loop
        close_socket(*process_output(*made));  // and the graceful close becomes a forced one (CL-123)
        EXPECT_TRUE(process_kill(*made, SIGKILL));
        const auto other = spawn("true", {}, {.output = redirection::pipe()});
        write_socket_data(*process_output(*other), "x");
      },
      {.catch_app_errors = [&](const std::exception& error) { told = error.what(); }});
  EXPECT_EQ(told, "streamish-broken-pipe");
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
