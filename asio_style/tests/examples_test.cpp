#include <gtest/gtest.h>
#include <unistd.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <algorithm>
#include <csignal>

#include "program.hpp"
#include "support.hpp"
#include "unique_fd.hpp"

namespace antiphon::asio_style::test {
namespace {

TEST(examples, echo_echoes_any_size_and_ends_with_status_0_on_a_signal) {
  Program echo(ECHO_PROGRAM, "0");
  const std::string first = echo.line();
  ASSERT_TRUE(first.starts_with("listening on 127.0.0.1:")) << first;
  const Peer peer(port_in(first));
  const std::string sent = pattern(3 * 1024 * 1024);
  std::thread writer([&] {
    peer.send(sent);
    peer.shutdown_write();
  });
  EXPECT_TRUE(peer.read_to_end().bytes == sent);
  writer.join();
  echo.signal(SIGTERM);
  EXPECT_EQ(echo.exit_status(), 0);
}

TEST(examples, echo_names_the_port_that_is_taken) {
  Program first(ECHO_PROGRAM, "0");
  const auto taken = std::to_string(port_in(first.line()));
  Program second(ECHO_PROGRAM, taken);
  EXPECT_NE(second.line().find("('127.0.0.1', " + taken + "): address already in use"), std::string::npos);
  EXPECT_EQ(second.exit_status(), 1);
}

// ---- chat

std::string line_of(const Peer& peer) {
  std::string text;
  do text += peer.read(1);
  while (text.back() != '\n');
  return text;
}

TEST(examples, chat_tells_lines_to_the_others_and_who_comes_and_goes) {
  Program chat(CHAT_PROGRAM, "0");
  const auto port = port_in(chat.line());
  const Peer ann(port);
  ann.send("ann\r\n");
  ann.send("anybody?\n");  // nobody
  Peer bob(port);
  bob.send("bob\n");
  EXPECT_EQ(line_of(ann), "* bob joined\n");
  bob.send("hello\nfriends\n");
  EXPECT_EQ(line_of(ann), "bob: hello\n");
  EXPECT_EQ(line_of(ann), "bob: friends\n");
  ann.send("in pie");
  ann.send("ces\n");
  EXPECT_EQ(line_of(bob), "ann: in pieces\n");
  bob.close();
  EXPECT_EQ(line_of(ann), "* bob left\n");
  chat.signal(SIGTERM);
  EXPECT_EQ(chat.exit_status(), 0);
}

TEST(examples, chat_ends_a_line_without_an_end) {
  Program chat(CHAT_PROGRAM, "0");
  const Peer peer(port_in(chat.line()));
  peer.send(std::string(2000, 'x'));
  EXPECT_EQ(peer.read_to_end().bytes, "");
}

TEST(examples, chat_goes_on_when_a_member_does_not_read) {
  Program chat(CHAT_PROGRAM, "0");
  const auto port = port_in(chat.line());
  const Peer ann(port);
  ann.send("ann\n");
  const Peer deaf(port, 16 * 1024);
  deaf.send("deaf\n");
  EXPECT_EQ(line_of(ann), "* deaf joined\n");
  const Peer bob(port);
  bob.send("bob\n");
  EXPECT_EQ(line_of(ann), "* bob joined\n");
  // More than the kernel takes for one who does not read.
  const std::string line = std::string(1000, 'x') + "\n";
  constexpr std::size_t lines = 12'000;
  std::string heard;
  for (std::size_t i = 0; i < lines; ++i) {
    ann.send(line);
    heard += bob.read(line.size() + 5);  // line by line, so that bob is never late
  }
  EXPECT_TRUE(heard.starts_with("ann: xxx"));
  EXPECT_EQ(static_cast<std::size_t>(std::count(heard.begin(), heard.end(), '\n')), lines);
  chat.signal(SIGTERM);
  EXPECT_EQ(chat.exit_status(), 0);
  EXPECT_LT(deaf.read_to_end().bytes.size(), heard.size());  // what was said meanwhile it missed
}

// ---- line_protocol

TEST(examples, line_protocol_obeys) {
  Program program(LINE_PROTOCOL_PROGRAM, "0");
  const Peer peer(port_in(program.line()));
  peer.send("PING\nECHO some text\r\n");
  EXPECT_EQ(line_of(peer), "PONG\n");
  EXPECT_EQ(line_of(peer), "some text\n");
  peer.send("NONS");
  peer.send("ENSE\n");
  EXPECT_EQ(line_of(peer), "ERR unknown command\n");
  peer.send("QUIT\nPING\n");
  EXPECT_EQ(peer.read_to_end().bytes, "BYE\n");
  program.signal(SIGTERM);
  EXPECT_EQ(program.exit_status(), 0);
}

TEST(examples, line_protocol_says_why_it_ends) {
  Program program(LINE_PROTOCOL_PROGRAM, "0");
  const auto port = port_in(program.line());
  const Peer long_line(port);
  long_line.send("ECHO " + std::string(1024 - 5, 'x') + "\r\n");  // just fits
  EXPECT_EQ(line_of(long_line), std::string(1024 - 5, 'x') + "\n");
  long_line.send(std::string(1025, 'x') + "\n");
  EXPECT_EQ(long_line.read_to_end().bytes, "ERR line too long\n");
  const Peer endless(port);
  endless.send(std::string(1026, 'x'));
  EXPECT_EQ(endless.read_to_end().bytes, "ERR line too long\n");
  Program impatient(LINE_PROTOCOL_PROGRAM, "0", "50");
  const Peer idle(port_in(impatient.line()));
  EXPECT_EQ(idle.read_to_end().bytes, "ERR timeout\n");
}

TEST(examples, line_protocol_ends_a_client_that_does_not_read_its_answers) {
  Program program(LINE_PROTOCOL_PROGRAM, "0", "200");
  const Peer deaf(port_in(program.line()), 16 * 1024);
  // Sends until the program listens no more, and then until it has had enough of that.
  const std::string command = "ECHO " + std::string(1000, 'x') + "\n";
  const auto sending = thrown_by([&] {
    for (;;) deaf.send(command);
  });
  EXPECT_TRUE(sending);
}

// ---- graceful_shutdown

/// Until nobody listens there any more.
void wait_until_refused(std::uint16_t port) {
  while (thrown_by([&] { const Peer early(port); }) == nullptr) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST(examples, graceful_shutdown_serves_what_is_open_and_takes_nothing_new) {
  Program program(GRACEFUL_SHUTDOWN_PROGRAM, "0", "30000");
  const auto port = port_in(program.line());
  const Peer peer(port);
  peer.send("before");
  EXPECT_EQ(peer.read(6), "before");
  program.signal(SIGTERM);
  wait_until_refused(port);
  peer.send("after");
  EXPECT_EQ(peer.read(5), "after");
  peer.shutdown_write();
  EXPECT_EQ(peer.read_to_end().bytes, "");
  // Those who came while it was closing may have been served, or not.
  const std::string counts = program.line();
  EXPECT_TRUE(counts.starts_with("finished ") && counts.ends_with(", forced 0")) << counts;
  EXPECT_EQ(program.exit_status(), 0);
}

TEST(examples, graceful_shutdown_cuts_what_is_left_at_the_deadline) {
  Program program(GRACEFUL_SHUTDOWN_PROGRAM, "0", "50");
  const auto port = port_in(program.line());
  const Peer stays(port);
  stays.send("x");
  EXPECT_EQ(stays.read(1), "x");
  program.signal(SIGINT);
  EXPECT_EQ(program.line(), "finished 0, forced 1");
  EXPECT_EQ(program.exit_status(), 0);
}

TEST(examples, graceful_shutdown_without_connections_ends_at_once) {
  Program program(GRACEFUL_SHUTDOWN_PROGRAM, "0");
  static_cast<void>(program.line());
  program.signal(SIGTERM);
  EXPECT_EQ(program.line(), "finished 0, forced 0");
  EXPECT_EQ(program.exit_status(), 0);
}

// ---- unix_socket

TEST(examples, unix_socket_has_a_client_of_its_own_and_takes_others) {
  const test_support::TemporaryFolder folder;
  const auto path = folder.path("echo.sock");
  Program program(UNIX_SOCKET_PROGRAM, path);
  EXPECT_EQ(program.line(), "listening on " + path);
  EXPECT_EQ(program.line(), "the client got: hello");
  const Peer peer(path);
  peer.send("from outside");
  EXPECT_EQ(peer.read(12), "from outside");
  program.signal(SIGTERM);
  EXPECT_EQ(program.exit_status(), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace antiphon::asio_style::test
