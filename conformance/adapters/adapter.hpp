#pragma once

// The adapter protocol, version 1, for servers in C++: everything that is the same for every loop. Derive
// from Connection and Server, call serve() for each connection and data(), ended() and lost() from your
// loop's callbacks, and answer_waiting() when standard input can be read. libuv_adapter.cpp is an example
// to begin with.

#include <boost/crc.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace antiphon::adapter {

using Json = nlohmann::json;

inline void say(const Json& line) {
  std::cout << line.dump() << std::endl;  // flushed after each line
}

class Server;

/// The first action of a script that perform() does not know, or empty.
inline std::string unknown_action(const Json& script) {
  static const std::set<std::string> known{"write",      "writelines",    "echo",          "write_eof",
                                           "close",      "abort",         "pause_reading", "resume_reading",
                                           "is_closing", "is_reading",    "return",        "later",
                                           "soon",       "stop_listener", "note"};
  if (script.is_object())
    for (const Json& each : script)
      if (const std::string found = unknown_action(each); !found.empty()) return found;
  if (!script.is_array()) return "";
  for (const Json& action : script) {
    if (!action.is_array() || action.empty()) continue;  // the marks of "limits"
    const std::string name = action.at(0);
    if (!known.contains(name)) return name;
    if (name != "later" && name != "soon") continue;
    if (const std::string found = unknown_action(action.back()); !found.empty()) return found;
  }
  return "";
}

/// One accepted connection, which runs the script of its listener.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  // Call these from the loop's callbacks.
  void made() { event("CM"); }
  void data(std::string_view octets) {
    received_ = octets;
    boost::crc_32_type sum;
    sum.process_bytes(octets.data(), octets.size());
    event("DR", {{"bytes", octets.size()}, {"sum", sum.checksum()}});
  }
  /// Whether the script wants the connection kept open.
  bool ended() {
    ended_ = true;
    kept_open_ = false;
    event("ER");
    return kept_open_;
  }
  /// "none", "reset", "broken-pipe", "timeout" or "error".
  void lost(const char* cause, const std::string& message = "") {
    lost_ = true;
    event("CL", {{"cause", cause}, {"message", message}});
  }
  [[nodiscard]] bool is_lost() const noexcept { return lost_; }
  void run(const Json& actions) {
    for (const Json& each : actions) perform(each);
  }

 protected:
  // What the loop offers. What is left out here must not stand among the server's offers.
  virtual void write(std::string octets) = 0;
  virtual void close() = 0;
  virtual void abort() = 0;
  virtual bool is_closing() = 0;
  virtual void write_eof() {}
  virtual void pause_reading() {}
  /// Also called once to begin with.
  virtual void resume_reading() {}
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }

 private:
  friend class Server;
  void tell(const char* name, Json fields) {
    fields.update({{"event", name}, {"c", number_}, {"n", events_++}});
    say(fields);
  }
  void event(const char* name, const Json& fields = Json::object()) {
    tell(name, fields);
    const Json none = Json::object();
    const Json usual = script_.value("on", none).value(name, Json::array());
    run(script_.value("on_nth", none).value(name, none).value(std::to_string(++counts_[name]), usual));
  }
  std::string octets(std::size_t count) {
    std::string made;
    while (made.size() < count) made += static_cast<char>(written_++ % 251);
    return made;
  }
  void perform(const Json& action);

  Server* server_ = nullptr;
  std::string listener_;
  Json script_;
  int number_ = 0;
  int events_ = 0;
  std::map<std::string, int> counts_;
  std::size_t written_ = 0;
  std::string received_;
  bool kept_open_ = false;
  bool ended_ = false;
  bool paused_ = false;
  bool lost_ = false;
};

/// The loop and its listeners.
class Server {
 public:
  Server(std::string name, std::string version, std::vector<std::string> offers)
      : name_(std::move(name)), version_(std::move(version)), offers_(std::move(offers)) {
    std::ios::sync_with_stdio(false);  // so that it knows whether another line is there
    std::signal(SIGPIPE, SIG_IGN);     // that a peer is gone is told by an error of the write
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server() = default;

  /// Call it when standard input can be read: it takes the lines that are there, and ends with the input.
  void answer_waiting() {
    do {
      std::string line;
      if (!std::getline(std::cin, line)) std::_Exit(0);
      answer(line);
    } while (std::cin.rdbuf()->in_avail() > 0);
  }
  void answer(const std::string& line) {
    try {
      const Json request = Json::parse(line);
      const std::string op = request.at("op");
      if (op == "hello")
        say({{"reply", "hello"},
             {"protocol", 1},
             {"name", name_},
             {"version", version_},
             {"style", "callback"},
             {"offers", offers_}});
      else if (op == "listen")
        say(start(request));
      else if (op == "act")
        connections_.at(request.at("connection"))->run(request.at("do")), say({{"reply", "done"}});
      else if (op == "stop")
        stop(request.at("id")), say({{"reply", "stopped"}, {"id", request["id"]}});
      else if (op == "drain")
        later(1, [this] { say({{"reply", "drained"}, {"open", open()}}); });
      else if (op == "exit")
        std::_Exit(0);
      else
        throw std::invalid_argument("unknown op " + op);
    } catch (const std::exception& error) {
      say({{"reply", "error"}, {"kind", "bad-request"}, {"message", error.what()}});
    }
  }
  /// Call it for each accepted connection.
  void serve(const std::string& listener, std::unique_ptr<Connection> connection) {
    connection->server_ = this;
    connection->listener_ = listener;
    connection->script_ = scripts_.at(listener);
    connection->number_ = static_cast<int>(connections_.size());
    connections_.push_back(std::move(connection));
    Connection& begun = *connections_.back();
    begun.made();
    if (!begun.paused_) begun.resume_reading();
  }

 protected:
  friend class Connection;
  /// On loopback; the port.
  virtual int listen(const std::string& id) = 0;
  virtual void stop(const std::string& id) = 0;
  virtual void later(unsigned ms, std::function<void()> fn) = 0;

 private:
  Json start(const Json& request) {
    const std::string transport = request.value("transport", "tcp");
    const std::string unknown = transport == "tcp" ? unknown_action(request.at("script")) : transport;
    if (!unknown.empty())
      return {{"reply", "error"}, {"id", request.at("id")}, {"kind", "not-offered"}, {"message", unknown}};
    scripts_[request.at("id")] = request.at("script");
    return {{"reply", "listening"}, {"id", request["id"]}, {"port", listen(request["id"])}};
  }
  [[nodiscard]] int open() const {
    int count = 0;
    for (const auto& each : connections_) count += each->is_lost() ? 0 : 1;
    return count;
  }

  std::string name_;
  std::string version_;
  std::vector<std::string> offers_;
  std::map<std::string, Json> scripts_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

inline void Connection::perform(const Json& action) {
  const std::string name = action.at(0);
  const auto value = [&](bool is) { tell("RT", {{"action", name}, {"value", is}}); };
  if (name == "write")
    write(octets(action.at(1)));
  else if (name == "writelines")
    for (const Json& size : action.at(1)) write(octets(size));
  else if (name == "echo")
    write(received_);
  else if (name == "write_eof")
    write_eof();
  else if (name == "close")
    close();
  else if (name == "abort")
    abort();
  else if (name == "pause_reading")
    paused_ = true, pause_reading();
  else if (name == "resume_reading")
    paused_ = false, resume_reading();
  else if (name == "is_closing")
    value(is_closing());
  else if (name == "is_reading")
    value(!paused_ && !is_closing());
  else if (name == "return")
    kept_open_ = action.at(1);
  else if (name == "later")
    server_->later(action.at(1), [this, list = action.at(2)] { run(list); });
  else if (name == "soon")
    server_->later(0, [this, list = action.at(1)] { run(list); });
  else if (name == "stop_listener")
    server_->stop(listener_);
  else if (name == "note")
    tell("note", {{"text", action.at(1)}});
  else
    throw std::invalid_argument("unknown action " + name);
}

}  // namespace antiphon::adapter
