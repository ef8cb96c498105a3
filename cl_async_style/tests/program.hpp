#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace antiphon::cl_async_style::test {

/// A running example, with what it prints.
class program {
 public:
  explicit program(const std::string& name, const std::vector<std::string>& args = {"0"}) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    output_ = ends[0];
    std::vector<std::string> words{EXAMPLES "/cl_async_style_" + name};
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    const int error = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) throw std::runtime_error("cannot start " + words.front());
    listening_ = line();
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_);
  }

  [[nodiscard]] std::string line() const {
    std::string text;
    char octet = 0;
    while (::read(output_, &octet, 1) == 1 && octet != '\n') text += octet;
    return text;
  }
  [[nodiscard]] const std::string& listening() const noexcept { return listening_; }
  [[nodiscard]] std::uint16_t port() const {
    EXPECT_THAT(listening_, testing::MatchesRegex("listening on (http://)?127.0.0.1:[0-9]+"));
    return static_cast<std::uint16_t>(std::stoi(listening_.substr(listening_.rfind(':') + 1)));
  }
  void signal(int signo) const { ::kill(pid_, signo); }
  int status() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string listening_;
};

}  // namespace antiphon::cl_async_style::test
