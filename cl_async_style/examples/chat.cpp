// A chat room in cl-async's model. The first line that a client sends is its name; every later one goes to
// all the others as "name: line".
//
// usage: chat [PORT]

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

constexpr std::size_t longest_line = 1024;

/// What the room knows of a client; it hangs on the socket's data.
struct member {
  std::string name;        // empty until the first line has come
  std::string unfinished;  // of a line whose end has not come
  bool slow = false;       // does not read as fast as the others talk
};

// Plain pointers: a socket leaves the room in close_cb, which is the last that is heard of it.
std::vector<as::socket*> room;

member& of(as::socket& socket) {
  return std::any_cast<member&>(as::socket_data(socket));
}

void tell_others(const as::socket* who, const std::string& text) {
  for (as::socket* other : room) {
    // A member who does not read misses what is said meanwhile. To keep it for him would let one client that
    // never reads fill our memory; to wait for him would let him silence the room.
    if (other != who && !of(*other).name.empty() && !of(*other).slow) as::write_socket_data(*other, text);
  }
}

void hear(as::socket& socket, const std::string& line) {
  member& speaker = of(socket);
  if (!speaker.name.empty()) {
    tell_others(&socket, speaker.name + ": " + line + "\n");
  } else if (!line.empty()) {
    speaker.name = line;
    tell_others(&socket, "* " + line + " joined\n");
  }
}

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

void connected(as::socket& socket) {
  as::socket_data(socket) = member();
  room.push_back(&socket);
}

void left(as::socket& socket, const as::event_error*) {
  std::erase(room, &socket);
  if (const std::string& name = of(socket).name; !name.empty()) tell_others(&socket, "* " + name + " left\n");
  as::socket_data(socket).reset();
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  try {
    as::start_event_loop([port] {
      const auto server =
          as::tcp_server("127.0.0.1", port, read_data,
                         {.connect_cb = connected,
                          .close_cb = left,
                          .pause_write_cb = [](as::socket& socket) { of(socket).slow = true; },
                          .resume_write_cb = [](as::socket& socket) { of(socket).slow = false; }});
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chat: %s\n", error.what());
    return 1;
  }
  return 0;
}
