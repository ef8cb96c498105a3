// A server in another process, behind the adapter protocol: JSON lines on its standard input and output.

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "adapter_process.hpp"
#include "target.hpp"

namespace antiphon::conformance {

namespace {

constexpr std::size_t longest_line = 1 << 20;
constexpr std::size_t most_events = 200'000;  // of one listener; the longest scenario makes some hundreds
constexpr std::size_t longest_log = 20'000;

/// For a message: an adapter may write any octets, but results are UTF-8.
std::string readable(const std::string& octets) {
  std::string text =
      Json::parse(Json(octets).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
  for (char& c : text)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == '\x7f') c = '?';
  return text;
}
std::string shortened(const std::string& text) {
  return readable(text.size() <= 300 ? text : text.substr(0, 300) + "...");
}

/// An adapter may lack some action that no offer stands for; it says so when a script arrives.
bool uses_what_no_offer_names(const Script& script) {
  constexpr std::array actions{"is_closing", "later", "soon", "stop_listener"};
  return std::any_of(actions.begin(), actions.end(), [&](const char* action) { return script.has(action); });
}

class ExecTarget final : public Target {
 public:
  ExecTarget(EventLog& log, const std::vector<std::string>& command) : log_(log), process_(command) {
    reader_ = std::thread([this] { read_lines(); });
    stderr_reader_ = std::thread([this] { read_log(); });
  }
  ~ExecTarget() override { end(); }
  ExecTarget(const ExecTarget&) = delete;
  ExecTarget& operator=(const ExecTarget&) = delete;

  bool end() override {
    if (!reader_.joinable()) return true;
    if (!broken().empty()) process_.kill();  // it had its chance
    // If it is gone, or does not listen, it is ended all the same.
    static_cast<void>(process_.write(Json{{"op", "exit"}}.dump() + "\n", std::chrono::milliseconds(0)));
    const bool ended = process_.end();
    reader_.join();
    stderr_reader_.join();
    return ended;
  }
  int process() const override { return process_.id(); }

  Hello hello() override {
    const Json reply = ask({{"op", "hello"}, {"protocol", 1}}, "hello");
    if (reply.value("protocol", Json()) != 1)
      throw HarnessError("the adapter does not speak version 1: " + shortened(reply.dump()) + log_text());
    try {
      Hello hello{reply.value("name", "?"), reply.value("version", "?"), reply.value("style", "protocol"),
                  reply.value("offers", std::vector<std::string>{})};
      if (hello.style != "protocol" && hello.style != "callback")
        throw HarnessError("the adapter's style is neither 'protocol' nor 'callback': " + hello.style);
      return hello;
    } catch (const Json::exception&) {
      throw HarnessError("the adapter's hello has a field of a wrong kind: " + shortened(reply.dump()));
    }
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
    const Json reply = ask(request, "listening", &script);
    const Json port = reply.value("port", Json());
    const Json path = reply.value("path", Json(where.path));
    const bool good_port = port.is_number_unsigned() && port > 0 && port <= 65535;
    if (!path.is_string() || (where.transport != "unix" && !good_port))
      throw HarnessError("the adapter listens, but does not say where: " + shortened(reply.dump()));
    return {where.transport, good_port ? port.get<std::uint16_t>() : std::uint16_t{0}, path};
  }
  void act(int connection, const Actions& actions) override {
    ask({{"op", "act"}, {"connection", connection + first_connection_}, {"do", actions}}, "done");
  }
  void stop() override { ask({{"op", "stop"}, {"id", id_}}, "stopped"); }
  int drain() override {
    const Json open = ask({{"op", "drain"}}, "drained").value("open", Json(0));
    if (!open.is_number_integer()) throw HarnessError("the adapter's 'open' is no number: " + open.dump());
    return open;
  }

 private:
  Json ask(const Json& request, const std::string& reply, const Script* script = nullptr) {
    {
      const std::scoped_lock lock(mutex_);
      if (broken_.empty() && !replies_.empty())
        broken_ = "the adapter answers what nobody asked: " + shortened(replies_.front().dump());
    }
    if (broken().empty()) send(request);
    std::unique_lock lock(mutex_);
    bool told = false;
    bool gone = false;
    const auto until = std::chrono::steady_clock::now() + hang_limit;
    while (!told && !gone && std::chrono::steady_clock::now() < until) {
      gone = process_.has_ended();  // asked first, so that what it said last is heard
      told = changed_.wait_for(lock, std::chrono::milliseconds(100),
                               [this] { return !replies_.empty() || ended_ || !broken_.empty(); });
    }
    std::string wrong = broken_;
    const bool silent = wrong.empty() && replies_.empty();
    if (silent)
      wrong = told || gone ? "the adapter has closed its output"
                           : "the adapter says nothing for " + std::to_string(hang_limit.count()) +
                                 " s after " + shortened(request.dump());
    if (!wrong.empty()) {
      broken_ = wrong;
      const bool over = ended_;
      lock.unlock();
      const std::string log = over ? last_words() : log_text();
      const std::string how = silent ? end_of_process() : "";
      throw HarnessError((how.empty() ? wrong : "the adapter ended " + how) + log);
    }
    Json got = std::move(replies_.front());
    replies_.pop_front();
    lock.unlock();
    const auto text = [&](const char* field) {
      const Json value = got.value(field, Json());
      return value.is_string() ? value.get<std::string>() : std::string();
    };
    if (text("reply") == reply) {
      if (got.contains("id") && request.contains("id") && got["id"] != request["id"])
        throw HarnessError("the adapter answers for the listener " + shortened(got["id"].dump()) +
                           ", but was asked for " + request["id"].dump() + log_text());
      return got;
    }
    const std::string kind = text("kind");
    if (text("reply") == "error" && script != nullptr && kind == "not-offered" &&
        uses_what_no_offer_names(*script))
      throw NotOffered(text("message"));
    if (text("reply") == "error" && reply == "listening" && kind != "not-offered" && kind != "bad-request")
      throw ListenError(kind, text("message"));
    throw HarnessError("the adapter answered " + shortened(got.dump()) + " to " + shortened(request.dump()) +
                       (kind == "not-offered" ? ", though it says that it offers it" : "") + log_text());
  }
  void send(const Json& request) {
    switch (process_.write(request.dump() + "\n", hang_limit)) {
      case AdapterProcess::Wrote::all:
        return;
      case AdapterProcess::Wrote::gone: {
        const std::string log = last_words();
        const std::string how = end_of_process();
        throw HarnessError((how.empty() ? "the adapter has closed its input" : "the adapter ended " + how) +
                           log);
      }
      case AdapterProcess::Wrote::not_read:
        throw HarnessError("the adapter does not read its requests for " +
                           std::to_string(hang_limit.count()) + " s" + log_text());
    }
  }
  /// How it ended, if it did: its streams close a moment before.
  [[nodiscard]] std::string end_of_process() const {
    std::string how = process_.how_it_ended();
    for (int i = 0; i < 100 && how.empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      how = process_.how_it_ended();
    }
    return how;
  }
  std::string broken() {
    const std::scoped_lock lock(mutex_);
    return broken_;
  }

  void read_lines() {
    std::string pending;
    std::array<char, 65536> buffer{};
    while (true) {
      const std::string_view octets = process_.read_output(buffer);
      if (octets.empty()) break;
      pending.append(octets);
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
    {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    }
    log_.end();
  }
  /// What is wrong with it, for the next request to throw. It is ended at once, so that it cannot go on.
  void give_up(const std::string& why) {
    {
      const std::scoped_lock lock(mutex_);
      if (broken_.empty()) broken_ = why;
      changed_.notify_all();
    }
    process_.kill();
  }
  void take(const std::string& line) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    try {
      Json json = Json::parse(line);
      if (!json.is_object()) throw std::invalid_argument("no object");
      if (json.contains("event")) {
        Event event = event_from_json(json);
        check_complete(event);
        return take_event(std::move(event));
      }
      const std::scoped_lock lock(mutex_);
      // One request is asked at a time, so there can be one answer.
      if (replies_.size() < 2) replies_.push_back(std::move(json));
      changed_.notify_all();
    } catch (const Json::exception&) {
      give_up("the adapter says what is no JSON: '" + shortened(line) + "'");
    } catch (const std::invalid_argument& error) {
      give_up("the adapter says what is no line of the protocol, '" + shortened(line) + "': " + error.what());
    }
  }
  void take_event(Event event) {
    const bool flood = [this] {
      const std::scoped_lock lock(mutex_);
      return ++events_ > most_events;
    }();
    if (event.kind == "EX") event.connection = -1;  // it is the loop's, even if it names a connection
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
      const bool counted = event.number >= 0;  // a note may only name its connection
      const int expected = counted ? numbers_[event.connection]++ : -1;
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
      const std::string_view octets = process_.read_log(buffer);
      if (octets.empty()) break;
      const std::scoped_lock lock(mutex_);
      log_text_.append(octets.substr(0, longest_log - log_text_.size()));
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
    return log_text_.empty() ? "" : "; its log:\n" + readable(log_text_);
  }

  EventLog& log_;
  AdapterProcess process_;
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
