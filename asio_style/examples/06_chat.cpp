// A chat room. The first line that a client sends is its name; every later one goes to all the others as
// "name: line".
//
// usage: 06_chat [PORT]        try: nc 127.0.0.1 8888, twice

#include <antiphon/asio_style.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>

namespace as = antiphon::asio_style;

constexpr std::size_t longest_line = 1024;

class Member;

// [state] Who is there, and each member's own. Members belong to their transports; they come here with
// `connection_made` and leave with `connection_lost`, which every connection gets exactly once.
using Room = std::set<Member*>;

class Member : public as::Protocol {
 public:
  explicit Member(Room& room) : room_(&room) {}

  // [made] In the room, but nobody hears of it before there is a name.
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
    room_->insert(this);
  }

  // [data] Octets to lines: what has no end yet is kept.
  void data_received(std::span<const std::byte> data) override {
    unfinished_.append(reinterpret_cast<const char*>(data.data()), data.size());
    std::size_t start = 0;
    for (std::size_t end = 0; (end = unfinished_.find('\n', start)) != std::string::npos; start = end + 1) {
      std::string line = unfinished_.substr(start, end - start);
      if (line.ends_with('\r')) line.pop_back();
      hear(line);
    }
    unfinished_.erase(0, start);
    if (unfinished_.size() > longest_line) transport_->close();  // it never ends: who knows what that is
  }

  // [lost] Gone, whoever ended it: out of the room before the others are told.
  void connection_lost(std::exception_ptr /*exc*/) override {
    room_->erase(this);
    if (!name_.empty()) tell_others("* " + name_ + " left\n");
  }

  // [slow] More than 64 KiB wait for a member who does not read. What is said meanwhile he misses: to keep it
  // would let one client that never reads fill our memory; to stop reading from the others would let him
  // silence the room.
  void pause_writing() override { slow_ = true; }
  void resume_writing() override { slow_ = false; }

 private:
  // [hear] The first line is the name.
  void hear(const std::string& line) {
    if (!name_.empty()) {
      tell_others(name_ + ": " + line + "\n");
    } else if (!line.empty()) {
      name_ = line;
      tell_others("* " + name_ + " joined\n");
    }
  }

  // [tell] `write` calls `pause_writing` of the other at most, never something that leaves the room: the set
  // stays as it is.
  void tell_others(const std::string& text) {
    for (Member* other : *room_) {
      if (other != this && !other->name_.empty() && !other->slow_) other->transport_->write(text);
    }
  }

  Room* room_;
  std::shared_ptr<as::Transport> transport_;
  std::string name_;        // empty until the first line has come
  std::string unfinished_;  // of a line whose end has not come
  bool slow_ = false;
};

// [listen] The room comes to the members through the factory; there are no globals.
as::Task<void> serve(as::EventLoop& loop, std::uint16_t port, Room& room) {
  const auto enter = [&room] { return std::make_shared<Member>(room); };
  const auto server = co_await loop.create_server(enter, "127.0.0.1", port);
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;
  co_await server->serve_forever();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8888;
  Room room;  // outlives the loop, whose connections refer to it
  as::EventLoop loop;
  const auto serving = loop.create_task(serve(loop, static_cast<std::uint16_t>(port), room));
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&] { serving.cancel(); });
  try {
    loop.run_until_complete(serving);
  } catch (const as::CancelledError&) {
    return 0;  // a signal: the server is closed by now
  } catch (const std::exception& error) {
    std::cerr << "06_chat: " << error.what() << '\n';
    return 1;
  }
}
