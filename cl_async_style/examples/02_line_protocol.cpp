// A protocol of lines: PING -> PONG, ECHO text -> text, QUIT -> BYE and the end. A line of more than 1024
// octets and a client that is idle end the connection, each with a word of why.
//
// usage: 02_line_protocol [PORT [IDLE_MS]]        try: nc 127.0.0.1 8888

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

constexpr std::size_t longest_line = 1024;
std::chrono::milliseconds idle_limit(10'000);

// [state] One client's session hangs on its socket's data.
struct session {
  std::string unfinished;  // of a line whose end has not come
  std::shared_ptr<as::event> timer;
};

session& of(as::socket& socket) {
  return std::any_cast<session&>(as::socket_data(socket));
}

// [close] The text is sent first. Without a limit of its own that would wait for ever for a client that does
// not read.
void say_and_close(as::socket& socket, std::string_view text) {
  std::shared_ptr<as::event>& timer = of(socket).timer;
  if (!as::event_freed_p(*timer)) as::free_event(*timer);
  as::write_socket_data(socket, text);
  as::close_socket(socket);
  timer = as::delay([&socket] { as::abort_socket(socket); }, {.time = idle_limit});
}

// [answer] What is written in one turn of the loop is gathered: many answers, one system call.
void obey(as::socket& socket, std::string_view line) {
  if (line == "PING")
    as::write_socket_data(socket, "PONG\n");
  else if (line.starts_with("ECHO "))
    as::write_socket_data(socket, std::string(line.substr(5)) + "\n");
  else if (line == "QUIT")
    say_and_close(socket, "BYE\n");
  else
    as::write_socket_data(socket, "ERR unknown command\n");
}

// [timer] A timer can be moved: this one starts anew.
void watch_idleness(const session& client) {
  as::add_event(*client.timer, idle_limit);
}

// [data] A line may come in pieces and many may come at once: TCP keeps no boundaries. What has no end yet is
// kept for the next call.
void read_data(as::socket& socket, std::span<const std::byte> octets) {
  session& client = of(socket);
  watch_idleness(client);
  client.unfinished.append(reinterpret_cast<const char*>(octets.data()), octets.size());
  std::string_view rest = client.unfinished;
  for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > longest_line) return say_and_close(socket, "ERR line too long\n");
    obey(socket, line);
    if (as::socket_closed_p(socket)) return;  // QUIT: what follows it is not obeyed
  }
  client.unfinished.erase(0, client.unfinished.size() - rest.size());
  if (client.unfinished.size() > longest_line + 1) say_and_close(socket, "ERR line too long\n");  // + 1: a CR
}

// [made] A client has to say something, too, or the session would last for ever. A timer of our own:
// `set_socket_timeouts` would close the socket before `event_cb` is told, and we want to say something first.
void connected(as::socket& socket) {
  as::socket_data(socket) = session{
      .unfinished = {},
      .timer = as::delay([&socket] { say_and_close(socket, "ERR timeout\n"); }, {.time = idle_limit})};
}

// [lost] The timer does not own the socket: it would fire for one that is gone.
void ended(as::socket& socket, const as::event_error*) {
  if (as::event& timer = *of(socket).timer; !as::event_freed_p(timer)) as::free_event(timer);
  as::socket_data(socket).reset();
}

// [slow] A client that sends commands and does not read the answers makes them pile up: we stop listening to
// it.
void pause_write(as::socket& socket) {
  as::disable_socket(socket);
}
void resume_write(as::socket& socket) {
  as::enable_socket(socket);
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8888);
  if (argc > 2) idle_limit = std::chrono::milliseconds(std::atoi(argv[2]));
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
    std::fprintf(stderr, "02_line_protocol: %s\n", error.what());
    return 1;
  }
  return 0;
}
