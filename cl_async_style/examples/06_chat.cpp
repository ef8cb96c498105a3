// A chat room. The first line that a client sends is its name; every later one goes to all the others as
// "name: line".
//
// usage: 06_chat [PORT]        try: nc 127.0.0.1 8888, twice

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

constexpr std::size_t longest_line = 1024;

// [state] What the room knows of a client hangs on its socket's data; the room itself is a global, as it
// would be in Lisp. It holds plain pointers: a socket leaves it in `close_cb`, the last that is heard of it.
struct member {
  std::string name;        // empty until the first line has come
  std::string unfinished;  // of a line whose end has not come
  bool slow = false;       // does not read as fast as the others talk
};

std::vector<as::socket*> room;

member& of(as::socket& socket) {
  return std::any_cast<member&>(as::socket_data(socket));
}

// [tell] A member who does not read misses what is said meanwhile. To keep it for him would let one client
// that never reads fill our memory; to wait for him would let him silence the room.
void tell_others(const as::socket* who, const std::string& text) {
  for (as::socket* other : room) {
    if (other != who && !of(*other).name.empty() && !of(*other).slow) as::write_socket_data(*other, text);
  }
}

// [hear] The first line is the name.
void hear(as::socket& socket, const std::string& line) {
  member& speaker = of(socket);
  if (!speaker.name.empty()) {
    tell_others(&socket, speaker.name + ": " + line + "\n");
  } else if (!line.empty()) {
    speaker.name = line;
    tell_others(&socket, "* " + line + " joined\n");
  }
}

// [data] Octets to lines: what has no end yet is kept.
void read_data(as::socket& socket, std::span<const std::byte> octets) {
  std::string& text = of(socket).unfinished;
  text.append(reinterpret_cast<const char*>(octets.data()), octets.size());
  std::size_t start = 0;
  for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    std::string line = text.substr(start, end - start);
    if (line.ends_with('\r')) line.pop_back();
    hear(socket, line);
  }
  text.erase(0, start);
  if (text.size() > longest_line) as::close_socket(socket);  // it never ends: who knows what that is
}

// [made] In the room, but nobody hears of it before there is a name.
void connected(as::socket& socket) {
  as::socket_data(socket) = member();
  room.push_back(&socket);
}

// [lost] Gone, whoever ended it: out of the room before the others are told.
void left(as::socket& socket, const as::event_error*) {
  std::erase(room, &socket);
  if (const std::string& name = of(socket).name; !name.empty()) tell_others(&socket, "* " + name + " left\n");
  as::socket_data(socket).reset();
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8888);
  try {
    as::start_event_loop([port] {
      // [listen] The functions are the same for all members; which one is speaking they are told.
      const auto server =
          as::tcp_server("127.0.0.1", port, read_data,
                         {.connect_cb = connected,
                          .close_cb = left,
                          // [slow] More than 64 KiB wait for a member who does not read: he is marked, and
                          // what is said meanwhile he misses.
                          .pause_write_cb = [](as::socket& socket) { of(socket).slow = true; },
                          .resume_write_cb = [](as::socket& socket) { of(socket).slow = false; }});
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "06_chat: %s\n", error.what());
    return 1;
  }
  return 0;
}
