// An echo server that ends well, in cl-async's model. On SIGTERM or SIGINT it takes no new connections, goes
// on serving those that are open until their clients have finished, and closes what is left at a deadline.
//
// exit_event_loop alone would cut every answer that is being sent.
//
// usage: 07_graceful_shutdown [PORT [DEADLINE_MS]]

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

std::chrono::milliseconds deadline(5'000);

// [state] cl-async keeps no list of a listener's connections, so we do; each leaves it in its `close_cb`.
std::vector<as::socket*> open_sockets;
std::size_t finished = 0;
std::size_t forced = 0;
bool stopping = false;

// [made] One more that has to end before we may.
void connected(as::socket& socket) {
  open_sockets.push_back(&socket);
}

// [data] An echo.
void read_data(as::socket& socket, std::span<const std::byte> octets) {
  as::write_socket_data(socket, octets);
}

// [lost] Nothing of this client's is waiting any more. After the last one the loop may go.
void ended(as::socket& socket, const as::event_error*) {
  std::erase(open_sockets, &socket);
  ++finished;
  if (stopping && open_sockets.empty()) as::exit_event_loop();  // the last one: nothing is cut
}

// [drain] `close_tcp_server` ends the listening only; the connections go on. Then whichever comes first: the
// last of them has ended, or the deadline.
void stop(const std::shared_ptr<as::socket_server>& server) {
  if (std::exchange(stopping, true)) return;  // a second signal changes nothing
  as::close_tcp_server(*server);
  if (open_sockets.empty()) {
    as::exit_event_loop();
    return;
  }
  as::delay(
      [] {
        // [force] What is left is aborted; each abort is told to `close_cb`, too.
        forced = open_sockets.size();
        // Not close_socket: that would wait for clients that do not read, perhaps for ever.
        for (as::socket* socket : open_sockets) as::abort_socket(*socket);
      },
      {.time = deadline});
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8888);
  if (argc > 2) deadline = std::chrono::milliseconds(std::atoi(argv[2]));
  try {
    as::start_event_loop([port] {
      // [listen] Only what is to be told later: the life of the server is spread over the callbacks.
      const auto server = as::tcp_server(
          "127.0.0.1", port, read_data,
          {.connect_cb = connected,
           .close_cb = ended,
           // [slow] A client that does not read is not listened to, so that its output stays bounded.
           .pause_write_cb = [](as::socket& socket) { as::disable_socket(socket); },
           .resume_write_cb = [](as::socket& socket) { as::enable_socket(socket); }});
      // [stop] Called in the loop, not in the signal's context: everything is allowed in it.
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [server](int) { stop(server); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "07_graceful_shutdown: %s\n", error.what());
    return 1;
  }
  std::printf("finished %zu, forced %zu\n", finished - forced, forced);
  return 0;
}
