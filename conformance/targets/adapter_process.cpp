#include "adapter_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "leftovers.hpp"
#include "target.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has no header for it

namespace antiphon::conformance {

Pipe::Pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw HarnessError(std::string("pipe: ") + std::strerror(errno));
  read_end = ends[0];
  write_end = ends[1];
}
Pipe::~Pipe() {
  close(read_end);
  close(write_end);
}
void Pipe::close(int& end) noexcept {
  if (end >= 0) ::close(std::exchange(end, -1));
}

AdapterProcess::AdapterProcess(const std::vector<std::string>& command) : mark_(new_mark()) {
  ::signal(SIGPIPE, SIG_IGN);  // a dead adapter is an error of write
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input_.read_end, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output_.write_end, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, log_.write_end, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own, so that what it starts ends with it, and signals as every program expects them.
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &ours);

  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
  environment.push_back(mark_.data());
  environment.push_back(nullptr);

  int error = 0;
  id_ = Leftovers::here().start_group(mark_, [&] {
    pid_t id = -1;
    error = ::posix_spawnp(&id, arguments[0], &actions, &attributes, arguments.data(), environment.data());
    return error == 0 ? id : -1;
  });
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw HarnessError("cannot start " + command[0] + ": " + std::strerror(error));
  Pipe::close(input_.read_end);
  Pipe::close(output_.write_end);
  Pipe::close(log_.write_end);
  for (const int fd : {input_.write_end, output_.read_end, log_.read_end})
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

AdapterProcess::~AdapterProcess() {
  end();
}

AdapterProcess::Wrote AdapterProcess::write(std::string_view octets, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!octets.empty()) {
    const ssize_t count = ::write(input_.write_end, octets.data(), octets.size());
    if (count > 0) {
      octets.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return Wrote::gone;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Wrote::not_read;
    pollfd room{input_.write_end, POLLOUT, 0};
    ::poll(&room, 1, static_cast<int>(left.count()));
  }
  return Wrote::all;
}

std::string_view AdapterProcess::read(int from, std::span<char> room) {
  while (true) {
    const ssize_t count = ::read(from, room.data(), room.size());
    if (count > 0) return {room.data(), static_cast<std::size_t>(count)};
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) return {};
    std::array<pollfd, 2> either{pollfd{from, POLLIN, 0}, pollfd{over_.read_end, POLLIN, 0}};
    if (::poll(either.data(), either.size(), -1) > 0 && either[0].revents == 0) return {};
  }
}

std::string AdapterProcess::how_it_ended() const {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(id_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != id_)
    return {};
  if (info.si_code == CLD_EXITED) return "with status " + std::to_string(info.si_status);
  return "by signal " + std::to_string(info.si_status) + " (" + ::strsignal(info.si_status) + ")";
}

void AdapterProcess::kill() const noexcept {
  if (const pid_t id = id_; id > 0) ::kill(-id, SIGKILL);
}

bool AdapterProcess::end() {
  if (id_ < 0) return true;
  Pipe::close(input_.write_end);
  bool ended = false;
  for (int i = 0; i < 500 && !ended; ++i) {
    ended = ::waitpid(id_, nullptr, WNOHANG) == id_;
    if (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(i < 50 ? 1 : 10));
  }
  kill();  // and what it may have left behind
  if (!ended) ::waitpid(id_, nullptr, 0);
  kill_marked(mark_);
  Leftovers::here().remove_group(id_);
  Pipe::close(over_.write_end);
  id_ = -1;
  return ended;
}

}  // namespace antiphon::conformance
