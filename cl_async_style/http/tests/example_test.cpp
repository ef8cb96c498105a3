// The example http_app as a program.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

/// The running program, and the lines that it prints.
class program {
 public:
  program() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    output_ = ends[0];
    std::string path = HTTP_APP;
    std::string port = "0";
    const std::array<char*, 3> words{path.data(), port.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    const int error = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) throw std::runtime_error("cannot start " + path);
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    ::close(output_);
  }
  [[nodiscard]] std::string line() const {
    std::string text;
    char octet = 0;
    while (::read(output_, &octet, 1) == 1 && octet != '\n') text += octet;
    return text;
  }
  int status() {
    int code = 0;
    ::waitpid(std::exchange(pid, 0), &code, 0);
    return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
  }
  pid_t pid = 0;

 private:
  int output_ = -1;
};

TEST(example, http_app_serves_the_shared_app_and_routes_of_its_own_until_SIGTERM) {
  program app;
  const std::string listening = app.line();
  ASSERT_THAT(listening, testing::StartsWith("listening on http://127.0.0.1:"));
  client peer(static_cast<std::uint16_t>(std::stoi(listening.substr(listening.rfind(':') + 1))));
  EXPECT_EQ(peer.get("/"), "hello, world\n");
  EXPECT_EQ(peer.get("/greet/slowly"), "hello, slowly\n");
  peer.send("GET /count HTTP/1.1\r\nHost: t\r\n\r\n");
  peer.read_to("2\r\n1\n\r\n");
  ::kill(app.pid, SIGTERM);
  EXPECT_EQ(app.line(), "finishing what is under way");
  EXPECT_THAT(peer.read_all(), testing::EndsWith("3\r\n10\n\r\n0\r\n\r\n"))
      << "the answer under way is finished";
  EXPECT_EQ(app.status(), 0);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
