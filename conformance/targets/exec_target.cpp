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
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "target.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has no header for it

namespace antiphon::conformance {

namespace {

constexpr std::size_t longest_line = 1 << 20;
constexpr std::size_t most_events = 200'000;  // of one listener; the longest scenario makes some hundreds

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
  ~ExecTarget() override { end(); }
  ExecTarget(const ExecTarget&) = delete;
  ExecTarget& operator=(const ExecTarget&) = delete;

  bool end() override {
    if (!reader_.joinable()) return true;
    try {
      send({{"op", "exit"}});
    } catch (const HarnessError&) {
      // It is gone already.
    }
    Pipe::close(in_.write_end);
    const bool ended = end_process();
    reader_.join();
    stderr_reader_.join();
    return ended;
  }
  int process() const override { return pid_; }

  Hello hello() override {
    const Json reply = ask({{"op", "hello"}, {"protocol", 1}}, "hello");
    if (reply.value("protocol", 0) != 1)
      throw HarnessError("the adapter does not speak version 1: " + reply.dump());
    return {reply.value("name", "?"), reply.value("version", "?"), reply.value("style", "?"),
            reply.value("offers", std::vector<std::string>{})};
  }
  Endpoint listen(const Script& script, const Where& where) override {
    id_ = "s" + std::to_string(++listeners_);
    {
      const std::scoped_lock lock(mutex_);
      first_connection_ = next_connection_;
      events_ = 0;
    }
    Json request = {{"op", "listen"},
                    {"id", id_},
                    {"transport", where.transport},
                    {"backlog", 100},
                    {"script", script.json}};
    if (where.transport == "unix") request["path"] = where.path;
    if (where.transport == "tls") request.update({{"cert", where.cert}, {"key", where.key}});
    const Json reply = ask(request, "listening");
    return {where.transport, reply.value("port", std::uint16_t{0}), reply.value("path", where.path)};
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

  /// Its input has ended, so it ends by itself; if it does not, it is ended.
  bool end_process() const {
    bool ended = false;
    for (int i = 0; i < 500 && !ended; ++i) {
      ended = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
      if (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(i < 50 ? 1 : 10));
    }
    ::kill(-pid_, SIGKILL);  // and what it may have left behind
    if (!ended) ::waitpid(pid_, nullptr, 0);
    return ended;
  }

  void send(const Json& request) {
    std::string line = request.dump() + "\n";
    std::string_view rest = line;
    while (!rest.empty()) {
      const ssize_t count = ::write(in_.write_end, rest.data(), rest.size());
      if (count <= 0) throw HarnessError("the adapter is gone" + last_words());
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  Json ask(const Json& request, const std::string& reply) {
    send(request);
    std::unique_lock lock(mutex_);
    const bool told = changed_.wait_for(lock, hang_limit,
                                        [this] { return !replies_.empty() || ended_ || !broken_.empty(); });
    std::string wrong = broken_;
    if (wrong.empty() && replies_.empty())
      wrong = told ? "the adapter ended"
                   : "the adapter says nothing for " + std::to_string(hang_limit.count()) + " s after " +
                         shortened(request.dump());
    if (!wrong.empty()) {
      const bool over = ended_;
      lock.unlock();
      throw HarnessError(wrong + (over ? last_words() : log_text()));
    }
    Json got = std::move(replies_.front());
    replies_.pop_front();
    lock.unlock();
    if (got.value("reply", "") == reply) return got;
    const std::string kind = got.value("kind", "");
    if (got.value("reply", "") == "error" && reply == "listening" && kind != "not-offered" &&
        kind != "bad-request")
      throw ListenError(kind, got.value("message", ""));
    throw HarnessError("the adapter answered " + shortened(got.dump()) + " to " + shortened(request.dump()) +
                       (kind == "not-offered" ? ", though it says that it offers it" : "") + log_text());
  }
  static std::string shortened(const std::string& text) {
    return text.size() <= 300 ? text : text.substr(0, 300) + "...";
  }

  void read_lines() {
    std::string pending;
    std::array<char, 65536> buffer{};
    while (true) {
      const ssize_t count = ::read(out_.read_end, buffer.data(), buffer.size());
      if (count <= 0) break;
      pending.append(buffer.data(), static_cast<std::size_t>(count));
      std::size_t begin = 0;
      for (std::size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', begin)) {
        take(pending.substr(begin, end - begin));
        begin = end + 1;
      }
      pending.erase(0, begin);
      if (pending.size() > longest_line) {
        give_up("the adapter floods: a line longer than " + std::to_string(longest_line) + " octets");
        pending.clear();
      }
    }
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  /// What is wrong with it, for the next request to throw. It is ended at once, so that it cannot go on.
  void give_up(const std::string& why) {
    {
      const std::scoped_lock lock(mutex_);
      if (broken_.empty()) broken_ = why;
      changed_.notify_all();
    }
    ::kill(-pid_, SIGKILL);
  }
  void take(const std::string& line) {
    try {
      Json json = Json::parse(line);
      if (json.contains("event")) return take_event(event_from_json(json));
      const std::scoped_lock lock(mutex_);
      replies_.push_back(std::move(json));
      changed_.notify_all();
    } catch (const std::exception&) {
      const std::scoped_lock lock(mutex_);
      replies_.push_back({{"reply", "error"}, {"kind", "rubbish"}, {"message", line.substr(0, 200)}});
      changed_.notify_all();
    }
  }
  void take_event(Event event) {
    const bool flood = [this] {
      const std::scoped_lock lock(mutex_);
      return ++events_ > most_events;
    }();
    if (flood) return give_up("the adapter floods: more than " + std::to_string(most_events) + " events");
    if (event.connection >= 0) {
      std::unique_lock lock(mutex_);
      // Connections are numbered from 0 in order of acceptance, so the next one is at most one more. A loop
      // may make them in another order (MANY-03), so a few may be missing meanwhile.
      if (event.connection >= next_connection_ + 1000) {
        lock.unlock();
        return give_up("the adapter lies: connection " + std::to_string(event.connection) + " after only " +
                       std::to_string(next_connection_));
      }
      const int expected = numbers_[event.connection]++;
      if (event.number != expected) {
        lock.unlock();
        return give_up("the adapter lies: line " + std::to_string(event.number) + " of connection " +
                       std::to_string(event.connection) + " where line " + std::to_string(expected) +
                       " is due");
      }
      if (event.connection >= next_connection_) next_connection_ = event.connection + 1;
      event.connection -= first_connection_;
      if (event.connection < 0) return;  // of an earlier scenario
    }
    log_.add(std::move(event));
  }
  void read_log() {
    std::array<char, 4096> buffer{};
    while (true) {
      const ssize_t count = ::read(err_.read_end, buffer.data(), buffer.size());
      if (count <= 0) break;
      const std::scoped_lock lock(mutex_);
      if (log_text_.size() < 20'000) log_text_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const std::scoped_lock lock(mutex_);
    log_ended_ = true;
    changed_.notify_all();
  }
  /// The whole log of an adapter that has ended: what it said last may still be on its way.
  std::string last_words() {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::seconds(2), [this] { return log_ended_; });
    }
    return log_text();
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
  std::string broken_;          // what is wrong with it
  std::map<int, int> numbers_;  // how many lines each connection has
  std::size_t events_ = 0;
  int first_connection_ = 0;  // the adapter counts on over listeners
  int next_connection_ = 0;
  bool ended_ = false;
  bool log_ended_ = false;
  std::thread reader_;
  std::thread stderr_reader_;
};

}  // namespace

std::unique_ptr<Target> make_exec_target(EventLog& log, const std::vector<std::string>& command) {
  if (command.empty()) throw HarnessError("exec: names no command");
  return std::make_unique<ExecTarget>(log, command);
}

}  // namespace antiphon::conformance
