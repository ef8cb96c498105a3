// An echo server in cl-async's model: functions registered once, handed the socket each time.
//
// usage: echo [PORT]

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

void read_data(as::socket& socket, std::span<const std::byte> octets) {
  as::write_socket_data(socket, octets);
}

void event_handler(const std::exception& event) {
  // The end of data is an event like any other; the socket is closed already when it is told.
  if (!as::condition_cast<as::socket_eof>(event)) std::fprintf(stderr, "event: %s\n", event.what());
}

// A client that sends and does not read makes the output grow: while it does, we stop listening to it.
void pause_write(as::socket& socket) {
  as::disable_socket(socket);
}
void resume_write(as::socket& socket) {
  as::enable_socket(socket);
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  try {
    as::start_event_loop([port] {
      const auto server = as::tcp_server(
          "127.0.0.1", port, read_data,
          {.event_cb = event_handler, .pause_write_cb = pause_write, .resume_write_cb = resume_write});
      as::signal_handler(SIGINT, [](int) { as::exit_event_loop(); });
      as::signal_handler(SIGTERM, [](int) { as::exit_event_loop(); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo: %s\n", error.what());
    return 1;
  }
  return 0;
}
