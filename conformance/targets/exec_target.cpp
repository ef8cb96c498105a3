// A server in another process, behind the adapter protocol: JSON lines on its standard input and output.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "target.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has no header for it

namespace antiphon::conformance {

namespace {

class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      throw HarnessError(std::string("pipe: ") + std::strerror(errno));
    read_end = ends[0];
    write_end = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(read_end);
    close(write_end);
  }
  static void close(int& end) {
    if (end >= 0) ::close(std::exchange(end, -1));
  }
  int read_end = -1;
  int write_end = -1;
};

class ExecTarget final : public Target {
 public:
  ExecTarget(EventLog& log, const std::vector<std::string>& command) : log_(log), command_(command) {
    ::signal(SIGPIPE, SIG_IGN);  // a dead adapter is an error of write
    start();
    reader_ = std::thread([this] { read_lines(); });
    stderr_reader_ = std::thread([this] { read_log(); });
  }
  ~ExecTarget() override {
    try {
      send({{"op", "exit"}});
    } catch (const HarnessError&) {
      // It is gone already.
    }
    Pipe::close(in_.write_end);
    end();
    reader_.join();
    stderr_reader_.join();
  }

  Hello hello() override {
    const Json reply = ask({{"op", "hello"}, {"protocol", 1}}, "hello");
    if (reply.value("protocol", 0) != 1)
      throw HarnessError("the adapter does not speak version 1: " + reply.dump());
    return {reply.value("name", "?"), reply.value("version", "?"), reply.value("style", "?"),
            reply.value("offers", std::vector<std::string>{})};
  }
  std::uint16_t listen(const Script& script) override {
    id_ = "s" + std::to_string(++listeners_);
    {
      const std::scoped_lock lock(mutex_);
      first_connection_ = next_connection_;
    }
    return ask({{"op", "listen"},
                {"id", id_},
                {"transport", "tcp"},
                {"backlog", 100},
                {"script", script.json}},
               "listening")
        .at("port");
  }
  void act(int connection, const Actions& actions) override {
    ask({{"op", "act"}, {"connection", connection + first_connection_}, {"do", actions}}, "done");
  }
  void stop() override { ask({{"op", "stop"}, {"id", id_}}, "stopped"); }
  int drain() override { return ask({{"op", "drain"}}, "drained").value("open", 0); }

 private:
  void start() {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in_.read_end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out_.write_end, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err_.write_end, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // A group of its own, so that what it starts ends with it.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    std::vector<char*> arguments;
    for (std::string& word : command_) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int error = ::posix_spawnp(&pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) throw HarnessError("cannot start " + command_[0] + ": " + std::strerror(error));
    Pipe::close(in_.read_end);
    Pipe::close(out_.write_end);
    Pipe::close(err_.write_end);
  }

  /// Its input has ended, so it ends; if it does not, it is ended.
  void end() const {
    for (int i = 0; i < 200; ++i) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        ::kill(-pid_, SIGKILL);  // what it may have left behind
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void send(const Json& request) {
    std::string line = request.dump() + "\n";
    std::string_view rest = line;
    while (!rest.empty()) {
      const ssize_t count = ::write(in_.write_end, rest.data(), rest.size());
      if (count <= 0) throw HarnessError("the adapter is gone" + log_text());
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  Json ask(const Json& request, const std::string& reply) {
    send(request);
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, hang_limit, [this] { return !replies_.empty() || ended_; })) {
      lock.unlock();
      throw HarnessError("the adapter says nothing for " + std::to_string(hang_limit.count()) + " s after " +
                         request.dump() + log_text());
    }
    if (replies_.empty()) {
      lock.unlock();
      throw HarnessError("the adapter ended" + log_text());
    }
    Json got = std::move(replies_.front());
    replies_.pop_front();
    if (got.value("reply", "") != reply)
      throw HarnessError("the adapter answered " + got.dump() + " to " + request.dump());
    return got;
  }

  void read_lines() {
    std::string pending;
    std::array<char, 65536> buffer{};
    while (true) {
      const ssize_t count = ::read(out_.read_end, buffer.data(), buffer.size());
      if (count <= 0) break;
      pending.append(buffer.data(), static_cast<std::size_t>(count));
      for (std::size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
        take(pending.substr(0, end));
        pending.erase(0, end + 1);
      }
    }
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  void take(const std::string& line) {
    try {
      Json json = Json::parse(line);
      if (json.contains("event")) {
        Event event = event_from_json(json);
        {
          const std::scoped_lock lock(mutex_);
          if (event.connection >= next_connection_) next_connection_ = event.connection + 1;
          if (event.connection >= 0) event.connection -= first_connection_;
        }
        if (event.connection >= 0 || event.kind == "EX") log_.add(std::move(event));
        return;
      }
      const std::scoped_lock lock(mutex_);
      replies_.push_back(std::move(json));
      changed_.notify_all();
    } catch (const std::exception& error) {
      const std::scoped_lock lock(mutex_);
      replies_.push_back({{"reply", "error"}, {"kind", "rubbish"}, {"message", line.substr(0, 200)}});
      changed_.notify_all();
    }
  }
  void read_log() {
    std::array<char, 4096> buffer{};
    while (true) {
      const ssize_t count = ::read(err_.read_end, buffer.data(), buffer.size());
      if (count <= 0) return;
      const std::scoped_lock lock(mutex_);
      if (log_text_.size() < 20'000) log_text_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  std::string log_text() {
    const std::scoped_lock lock(mutex_);
    return log_text_.empty() ? "" : "; its log:\n" + log_text_;
  }

  EventLog& log_;
  std::vector<std::string> command_;
  Pipe in_;
  Pipe out_;
  Pipe err_;
  pid_t pid_ = -1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Json> replies_;
  std::string log_text_;
  std::string id_;
  int listeners_ = 0;
  int first_connection_ = 0;  // the adapter counts on over listeners
  int next_connection_ = 0;
  bool ended_ = false;
  std::thread reader_;
  std::thread stderr_reader_;
};

}  // namespace

std::unique_ptr<Target> make_exec_target(EventLog& log, const std::vector<std::string>& command) {
  if (command.empty()) throw HarnessError("exec: names no command");
  return std::make_unique<ExecTarget>(log, command);
}

}  // namespace antiphon::conformance
