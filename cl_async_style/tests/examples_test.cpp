// Each example as a program, against peers that a script plays.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <csignal>
#include <filesystem>

#include "peer.hpp"
#include "program.hpp"

namespace antiphon::cl_async_style::test {
namespace {

std::string line_of(const peer& from) {
  std::string text;
  while (!text.ends_with('\n')) {
    const std::string octet = from.read(1);
    if (octet.empty()) break;
    text += octet;
  }
  return text;
}

TEST(examples, echo_answers_all_that_it_gets) {
  program echo("01_echo");
  const peer client(echo.port());
  const std::string sent(3U << 20U, 'e');
  const helper writer([&] {
    client.send(sent);
    client.shutdown_write();
  });
  EXPECT_EQ(client.read_all().size(), sent.size());
  echo.signal(SIGTERM);
  EXPECT_EQ(echo.exit_status(), 0);
}

TEST(examples, chat_tells_lines_to_the_others_and_who_comes_and_goes) {
  program chat("06_chat");
  const peer ann(chat.port());
  ann.send("ann\n");
  ann.send("nobody is here\n");
  peer bob(chat.port());
  bob.send("bob\r\nhello");
  EXPECT_EQ(line_of(ann), "* bob joined\n");
  bob.send(" ann\nhow are you?\n");
  EXPECT_EQ(line_of(ann), "bob: hello ann\n");
  EXPECT_EQ(line_of(ann), "bob: how are you?\n");
  ann.send("fine\n");
  EXPECT_EQ(line_of(bob), "ann: fine\n") << "and nothing of what was said before he came";
  bob.close();
  EXPECT_EQ(line_of(ann), "* bob left\n");
  chat.signal(SIGINT);
  EXPECT_EQ(chat.exit_status(), 0);
}

TEST(examples, chat_goes_on_when_a_member_does_not_read) {
  program chat("06_chat");
  const peer deaf(chat.port(), 4096);
  deaf.send("deaf\n");
  const peer talker(chat.port());
  talker.send("talker\n");
  const peer listener(chat.port());
  listener.send("listener\n");
  EXPECT_EQ(line_of(talker), "* listener joined\n");
  std::atomic<bool> heard = false;
  const helper reader([&] {
    std::string text;
    while (!text.ends_with("talker: the end\n")) {
      const std::string more = listener.read_some();
      ASSERT_FALSE(more.empty());
      text = text.substr(text.size() - std::min<std::size_t>(text.size(), 100)) + more;
    }
    heard = true;
  });
  const std::string line = std::string(1000, 'x') + "\n";
  for (int i = 0; i < 16'000; ++i) talker.send(line);  // far more than sockets and marks hold
  while (!heard) {  // a listener that lags behind misses lines, but never for long
    talker.send("the end\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  chat.signal(SIGTERM);
  EXPECT_EQ(chat.exit_status(), 0);
}

TEST(examples, line_protocol_obeys) {
  program server("02_line_protocol");
  const peer client(server.port());
  client.send("PING\nECHO two words\r\nECHO \nNO");
  EXPECT_EQ(line_of(client), "PONG\n");
  EXPECT_EQ(line_of(client), "two words\n");
  EXPECT_EQ(line_of(client), "\n");
  client.send("THING\nQUIT\nPING\n");
  EXPECT_EQ(client.read_all(), "ERR unknown command\nBYE\n");
  server.signal(SIGTERM);
  EXPECT_EQ(server.exit_status(), 0);
}

TEST(examples, line_protocol_says_why_it_ends) {
  program server("02_line_protocol");
  const peer longest(server.port());
  longest.send("ECHO " + std::string(1019, 'x') + "\n");
  EXPECT_EQ(line_of(longest).size(), 1020U);
  for (const char* end : {"", "\n", "\nPING\n"}) {
    const peer too_long(server.port());
    too_long.send(std::string(1026, 'x') + end);
    EXPECT_EQ(too_long.read_all(), "ERR line too long\n");
  }
  server.signal(SIGTERM);
  EXPECT_EQ(server.exit_status(), 0);

  program impatient("02_line_protocol", {"0", "30"});
  const peer silent(impatient.port());
  EXPECT_EQ(silent.read_all(), "ERR timeout\n");
}

TEST(examples, graceful_shutdown_serves_what_is_open_and_takes_nothing_new) {
  program server("07_graceful_shutdown");
  const peer client(server.port());
  client.send("before");
  EXPECT_EQ(client.read(6), "before");
  server.signal(SIGTERM);
  bool refused = false;
  while (!refused) {  // the signal takes a moment to arrive
    try {
      peer late(server.port());
    } catch (const std::runtime_error&) {
      refused = true;
    }
  }
  client.send("after");
  EXPECT_EQ(client.read(5), "after");
  client.shutdown_write();
  EXPECT_EQ(client.read_all(), "");
  EXPECT_THAT(server.line(), testing::EndsWith("forced 0"));
  EXPECT_EQ(server.exit_status(), 0);
}

TEST(examples, graceful_shutdown_cuts_what_is_left_at_the_deadline) {
  program server("07_graceful_shutdown", {"0", "20"});
  const peer client(server.port());
  client.send("x");
  EXPECT_EQ(client.read(1), "x");
  server.signal(SIGINT);
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(server.line(), "finished 0, forced 1");
  EXPECT_EQ(server.exit_status(), 0);
}

TEST(examples, unix_socket_has_a_client_of_its_own_and_takes_others) {
  const test_support::TemporaryFolder folder;
  const std::string path = folder.path("echo.sock");
  program server("11_unix_socket", {path});
  EXPECT_EQ(server.listening(), "listening on " + path);
  EXPECT_EQ(server.line(), "the client got: hello");
  const peer client(path);
  client.send("another");
  EXPECT_EQ(client.read(7), "another");
  server.signal(SIGTERM);
  EXPECT_EQ(server.exit_status(), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
