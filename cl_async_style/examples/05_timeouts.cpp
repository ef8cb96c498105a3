// An echo server with a clock for each way in which a client can keep us waiting: it never says anything, it
// stops in the middle, it stays for ever, it does not read. The first three are told so; the last cannot be.
//
// usage: 05_timeouts [PORT [FIRST_MS [IDLE_MS [SESSION_MS [STALL_MS]]]]]

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;
using std::chrono::milliseconds;

namespace {

struct limits {
  milliseconds first{5'000};     ///< until the first octet
  milliseconds idle{10'000};     ///< between two octets
  milliseconds session{60'000};  ///< altogether
  milliseconds stall{5'000};     ///< while the client takes nothing of what waits for it
} limit;

// [state] An event per clock that we watch ourselves; they hang on the socket's data.
struct clocks {
  std::shared_ptr<as::event> idle;
  std::shared_ptr<as::event> session;
  bool heard = false;
};

clocks& of(as::socket& socket) {
  return std::any_cast<clocks&>(as::socket_data(socket));
}

void stop(as::socket& socket) {
  for (const auto& clock : {of(socket).idle, of(socket).session})
    if (!as::event_freed_p(*clock)) as::free_event(*clock);
}

// [close] The goodbye has a limit of its own: `close_socket` would wait for ever for a client that does not
// read.
void say_and_close(as::socket& socket, std::string_view text) {
  stop(socket);
  as::write_socket_data(socket, text);
  as::close_socket(socket);
  of(socket).session = as::delay([&socket] { as::abort_socket(socket); }, {.time = limit.stall});
}

// [made] The first clocks start with the connection.
void connected(as::socket& socket) {
  auto idle = as::delay(
      [&socket] { say_and_close(socket, of(socket).heard ? "timeout: idle\n" : "timeout: nothing came\n"); },
      {.time = limit.first});
  auto session = as::delay([&socket] { say_and_close(socket, "timeout: the session is over\n"); },
                           {.time = limit.session});
  as::socket_data(socket) = clocks{std::move(idle), std::move(session)};
  as::set_socket_timeouts(socket, std::nullopt, limit.stall);  // for reading: none, it would close in silence
}

// [timer] An event can be moved: the one that waited for the first octet now waits for the next.
void watch_idleness(as::socket& socket) {
  of(socket).heard = true;
  as::add_event(*of(socket).idle, limit.idle);
}

// [data] Moving an event of libuv's is cheap; nothing is made or freed for it.
void read_data(as::socket& socket, std::span<const std::byte> octets) {
  watch_idleness(socket);
  as::write_socket_data(socket, octets);
}

// [slow] The fourth clock is the socket's own: its write timeout, set in `connected`, ends it when nothing of
// the waiting output is taken for so long. That is told to `event_cb` as a `socket_timeout`; there is nothing
// to add.
void pause_write(as::socket& socket) {
  as::disable_socket(socket);
}
void resume_write(as::socket& socket) {
  as::enable_socket(socket);
}

// [lost] The clocks do not own the socket: one that fires later would find it gone.
void ended(as::socket& socket, const as::event_error*) {
  stop(socket);
  as::socket_data(socket).reset();
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8888);
  if (argc > 2) limit.first = milliseconds(std::atoi(argv[2]));
  if (argc > 3) limit.idle = milliseconds(std::atoi(argv[3]));
  if (argc > 4) limit.session = milliseconds(std::atoi(argv[4]));
  if (argc > 5) limit.stall = milliseconds(std::atoi(argv[5]));
  try {
    as::start_event_loop([port] {
      const auto server = as::tcp_server("127.0.0.1", port, read_data,
                                         {.connect_cb = connected,
                                          .close_cb = ended,
                                          .pause_write_cb = pause_write,
                                          .resume_write_cb = resume_write});
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "05_timeouts: %s\n", error.what());
    return 1;
  }
  return 0;
}
