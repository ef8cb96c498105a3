// The client says all it has to say and ends its direction; only then is there an answer. The server counts
// what came: "counting" at once, the count when the work is done, then the end.
//
// usage: 03_half_close [PORT [WORK_MS]]        try: printf 'a\nb\n' | nc -N 127.0.0.1 8888

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

std::chrono::milliseconds work_time(500);

// [state] The counts of one client hang on its socket's data, and so does the work that is under way for it.
struct counts {
  std::size_t octets = 0;
  std::size_t lines = 0;
  std::shared_ptr<as::event> work = nullptr;
};

counts& of(as::socket& socket) {
  return std::any_cast<counts&>(as::socket_data(socket));
}

void connected(as::socket& socket) {
  as::socket_data(socket) = counts();
}

// [data] Nothing is kept but the counts: the client may send for as long as it likes.
void read_data(as::socket& socket, std::span<const std::byte> octets) {
  of(socket).octets += octets.size();
  of(socket).lines += static_cast<std::size_t>(std::ranges::count(octets, std::byte{'\n'}));
}

// [answer] `close_socket` sends what was written first; then the client reads its end of file.
void answer(as::socket& socket) {
  const counts& all = of(socket);
  as::write_socket_data(socket,
                        std::to_string(all.lines) + " lines, " + std::to_string(all.octets) + " octets\n");
  as::close_socket(socket);
}

// [eof] The end of data is an event like any other, and says which socket it is about. Since the listener
// allows half-open sockets this one is still open for writing.
void event_handler(const std::exception& event) {
  if (!as::condition_cast<as::socket_eof>(event)) return;
  as::socket& socket = *as::event_socket(event);
  as::write_socket_data(socket, "counting\n");
  // Stands for work that takes its time.
  of(socket).work = as::delay([&socket] { answer(socket); }, {.time = work_time});
}

// [lost] Also when the client goes while we work for it: the timer does not own the socket, so it is freed.
void ended(as::socket& socket, const as::event_error*) {
  if (const auto& work = of(socket).work; work && !as::event_freed_p(*work)) as::free_event(*work);
  as::socket_data(socket).reset();
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8888);
  if (argc > 2) work_time = std::chrono::milliseconds(std::atoi(argv[2]));
  try {
    as::start_event_loop([port] {
      // [listen] Whether a socket outlives its client's end of data is the listener's to say, for all of
      // them. An extension, as `close_cb` is: cl-async closes the socket at once.
      const auto server = as::tcp_server(
          "127.0.0.1", port, read_data,
          {.event_cb = event_handler, .connect_cb = connected, .close_cb = ended, .allow_half_open = true});
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "03_half_close: %s\n", error.what());
    return 1;
  }
  return 0;
}
