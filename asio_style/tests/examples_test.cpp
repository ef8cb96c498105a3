#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "support.hpp"
#include "unique_fd.hpp"

namespace antiphon::asio_style::test {
namespace {

/// One of the example programs, with its standard output.
class Program {
 public:
  Program(const char* path, const std::string& argument) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe");
    output_.reset(ends[0]);
    detail::UniqueFd theirs(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDERR_FILENO);
    ::posix_spawn_file_actions_addclose(&actions, output_.get());
    std::string name = path;
    std::string given = argument;
    std::array<char*, 3> arguments{name.data(), given.data(), nullptr};
    const int failed = ::posix_spawn(&pid_, path, &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("no such program: " + name);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  std::string line() const {
    std::string text;
    char letter = 0;
    while (::read(output_.get(), &letter, 1) == 1 && letter != '\n') text += letter;
    return text;
  }
  void signal(int number) const { ::kill(pid_, number); }
  int exit_status() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  detail::UniqueFd output_;
};

std::uint16_t port_in(const std::string& line) {
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

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

}  // namespace
}  // namespace antiphon::asio_style::test
