// An echo server: whatever comes in goes out again, and a client that does not read is not read from either.
//
// usage: 01_echo [PORT]        try: nc 127.0.0.1 8888

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

// [state] None: the functions are handed the socket each time. What they had to remember would hang on its
// data.

// [made] No `connect_cb` is registered: there is nothing to do for a connection before it says something.

// [data] Octets came. What is written in one turn of the loop is gathered and sent at its end.
void read_data(as::socket& socket, std::span<const std::byte> octets) {
  as::write_socket_data(socket, octets);
}

// [eof] The end of data is an event like any other; the socket is closed already when it is told, and what
// was written is still sent.
void event_handler(const std::exception& event) {
  if (as::condition_cast<as::socket_eof>(event)) return;
  // [lost] So is an error. The end itself is told to `close_cb`, an extension, which an echo has no use for.
  std::fprintf(stderr, "connection lost: %s\n", event.what());
}

// [slow] An extension. A client that sends and does not read makes the output grow: while it does, we stop
// listening to it.
void pause_write(as::socket& socket) {
  as::disable_socket(socket);
}
void resume_write(as::socket& socket) {
  as::enable_socket(socket);
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8888);
  try {
    as::start_event_loop([port] {
      // [listen] The server is given the functions, once, for all its connections.
      const auto server = as::tcp_server(
          "127.0.0.1", port, read_data,
          {.event_cb = event_handler, .pause_write_cb = pause_write, .resume_write_cb = resume_write});
      // [stop] Leaving the loop closes what is open, after a grace for what still has to be sent.
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    // [failed] A port that is taken is thrown to the caller, out of the loop; no `event_cb` hears of it.
    std::fprintf(stderr, "01_echo: %s\n", error.what());
    return 1;
  }
  return 0;
}
