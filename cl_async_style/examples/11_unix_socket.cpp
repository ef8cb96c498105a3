// An echo server on a UNIX socket and a client of it, both in one loop: pipe_server and pipe_connect are
// tcp_server and tcp_connect with a path instead of an address.
//
// usage: 11_unix_socket [PATH]

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

// [data] The functions are those of TCP: a socket is a socket.
void echo(as::socket& socket, std::span<const std::byte> octets) {
  as::write_socket_data(socket, octets);
}

// [ask] Asks once and prints the answer; the question goes along with the connecting.
void ask(const std::string& path, const std::string& question) {
  // [client] The answer may come in pieces; what has come is kept by the callback, for as long as that lives.
  auto answer = [so_far = std::string(), size = question.size()](as::socket& socket,
                                                                 std::span<const std::byte> octets) mutable {
    so_far.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    if (so_far.size() < size) return;
    std::printf("the client got: %s\n", so_far.c_str());
    std::fflush(stdout);
    as::close_socket(socket);
  };
  // [lost] Whoever waits must learn that nothing will come any more: also the end of data is told here.
  auto event_handler = [](const std::exception& event) {
    std::fprintf(stderr, "the client: %s\n", event.what());
  };
  as::pipe_connect(path, std::move(answer), {.data = question, .event_cb = event_handler});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string path =
      argc > 1 ? argv[1]
               : std::filesystem::temp_directory_path() / ("echo-" + std::to_string(::getpid()) + ".sock");
  try {
    as::start_event_loop([path] {
      // [listen] Throws if the path exists: it may be another server's. It is removed when this one closes.
      as::pipe_server(path, echo,
                      {.pause_write_cb = [](as::socket& socket) { as::disable_socket(socket); },
                       .resume_write_cb = [](as::socket& socket) { as::enable_socket(socket); }});
      ask(path, "hello");
      // [stop] The file goes with the listener.
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      std::printf("listening on %s\n", path.c_str());
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "11_unix_socket: %s\n", error.what());
    return 1;
  }
  return 0;
}
