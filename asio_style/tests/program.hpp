#pragma once

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "unique_fd.hpp"

namespace antiphon::asio_style::test {

/// One of the example programs, with its standard output.
class Program {
 public:
  template <class... Argument>
  explicit Program(const char* path, const Argument&... argument) {
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
    std::array<std::string, sizeof...(Argument)> given{argument...};
    std::array<char*, sizeof...(Argument) + 2> arguments{name.data()};
    for (std::size_t i = 0; i < given.size(); ++i) arguments[i + 1] = given[i].data();
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

/// Of "listening on 127.0.0.1:80".
[[nodiscard]] inline std::uint16_t port_in(const std::string& line) {
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

}  // namespace antiphon::asio_style::test
