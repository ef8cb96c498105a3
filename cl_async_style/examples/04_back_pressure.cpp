// A server with more to say than its clients may want to hear: the numbers from 1 to COUNT, a line each. It
// makes them no faster than the client takes them, so that its memory stays bounded however slow that is.
//
// usage: 04_back_pressure [PORT [COUNT]]        try: nc 127.0.0.1 8888 | (sleep 3; tail -n 1)

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

constexpr std::size_t high_water = 32 * 1024;  // octets that may wait for a client; the low mark is a quarter
constexpr std::size_t block_size = 4 * 1024;   // octets made at a time

std::uint64_t count = 10'000'000;

// [state] How far this client has come, and whether it is behind; it hangs on the socket's data.
struct progress {
  std::uint64_t next = 1;
  bool slow = false;
  std::size_t pauses = 0;
  std::size_t most = 0;
  std::shared_ptr<as::event> next_block = nullptr;
};

progress& of(as::socket& socket) {
  return std::any_cast<progress&>(as::socket_data(socket));
}

// [tell] One block, then the loop's turn. A client as fast as we are would never pause us: a plain `while`
// here would let the others wait for ever, and gather it all until the end of the tick.
void produce(as::socket& socket) {
  progress& client = of(socket);
  if (client.slow || as::socket_closed_p(socket)) return;
  std::string block;
  while (block.size() < block_size && client.next <= count) block += std::to_string(client.next++) + "\n";
  as::write_socket_data(socket, block);
  client.most = std::max(client.most, as::write_buffer_size(socket));
  if (client.next > count)
    as::close_socket(socket);  // what still waits is sent first
  else if (!client.slow)
    client.next_block = as::delay([&socket] { produce(socket); });
}

// [made] We begin: nobody has to ask.
void connected(as::socket& socket) {
  as::socket_data(socket) = progress();
  produce(socket);
}

// [slow] Told once when more than the high mark waits, and again when no more than the low mark does. Between
// the two nothing is made, and nothing is asked. An extension: cl-async would buffer without a bound.
void pause_write(as::socket& socket) {
  of(socket).slow = true;
  ++of(socket).pauses;
}
void resume_write(as::socket& socket) {
  of(socket).slow = false;
  produce(socket);
}

// [lost] What was to be made next for this client is not made.
void ended(as::socket& socket, const as::event_error*) {
  const progress& client = of(socket);
  if (client.next_block && !as::event_freed_p(*client.next_block)) as::free_event(*client.next_block);
  std::printf("sent %llu lines, paused %zu times, at most %zu octets waiting\n",
              static_cast<unsigned long long>(client.next - 1), client.pauses, client.most);
  std::fflush(stdout);
  as::socket_data(socket).reset();
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8888);
  if (argc > 2) count = std::strtoull(argv[2], nullptr, 10);
  try {
    as::start_event_loop([port] {
      // [eof] That the client has nothing to say does not mean that it has heard enough: half-open sockets
      // are allowed, and without an `event_cb` nobody is told.
      const auto server = as::tcp_server("127.0.0.1", port, nullptr,
                                         {.connect_cb = connected,
                                          .close_cb = ended,
                                          .pause_write_cb = pause_write,
                                          .resume_write_cb = resume_write,
                                          .high_water = high_water,
                                          .allow_half_open = true});
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "04_back_pressure: %s\n", error.what());
    return 1;
  }
  return 0;
}
