// HTTP/1.1 on the bare socket: what a server framework does for you, as few lines as it takes. The parser and
// the writer of answers are the common ones: octets in, calls out; they know no sockets.
//
// Left out to be short: a limit of time for each request, which a server on the Internet needs (05_timeouts).
//
// usage: 09_http_by_hand [PORT]        try: curl -d hello http://127.0.0.1:8080/echo

#include <antiphon/http/parser.hpp>
#include <antiphon/http/request.hpp>
#include <antiphon/http/response_writer.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;
namespace http = antiphon::http;

namespace {

constexpr std::array<http::Field, 1> text{{{"Content-Type", "text/plain"}}};

// [state] What hangs on the socket's data: the parser with its listener, which only fills the request, and
// what goes out. The functions below do the rest.
struct connection final : http::RequestParserListener {
  // [parse] The parser's calls, made from inside `feed`. The views are gone afterwards, so they are copied.
  void on_url(std::string_view target) override {
    request.clear();
    if (!request.set_target(target)) parser.stop({400, "malformed escape in the request target"});
  }
  void on_header(std::string_view, std::string_view) override {}  // no page here looks at them
  void on_headers_complete(const http::MessageHead& head) override {
    request.set_method(head.method);
    request.set_version(head.version_major, head.version_minor);
    request.set_keep_alive(head.keep_alive);
    if (head.expects_continue) out += http::ResponseWriter::continue_100;  // or the body would never come
  }
  void on_body(std::span<const std::byte> octets) override {
    request.append_body({reinterpret_cast<const char*>(octets.data()), octets.size()});
  }
  void on_message_complete() override {}

  http::RequestParser parser{*this, {.body = 1024 * 1024}};  // a body is kept whole, so it must be bounded
  http::Request request;
  http::DateCache date;
  http::ResponseWriter writer{date};
  std::string out;   // the answers to what is being read
  bool open = true;  // false: what is in `out` is the last
};

connection& of(as::socket& socket) {
  return *std::any_cast<const std::shared_ptr<connection>&>(as::socket_data(socket));
}

// [answer] The writer adds Date, the framing and Connection, and knows whether the connection may go on.
void answer(connection& client) {
  const http::Request& request = client.request;
  client.writer.begin(request);
  if (request.path() == "/" && (request.method() == "GET" || request.method() == "HEAD"))
    client.writer.respond({.status = 200, .fields = text, .body = "hello, world\n"}, client.out);
  else if (request.path() == "/echo" && request.method() == "POST")
    client.writer.respond({.status = 200, .fields = text, .body = request.body()}, client.out);
  else
    client.writer.respond({.status = 404, .fields = text, .body = "no such page\n"}, client.out);
  client.open = client.writer.keep_alive();
}

// [failed] After a request that cannot be read nobody knows where the next begins: answer and close.
void refuse(connection& client, const http::ParseError& error) {
  client.writer.begin_error(client.parser.is_head());
  client.writer.respond({.status = error.status, .fields = text, .body = error.reason}, client.out);
  client.open = false;
}

// [data] Requests may come in pieces, and several at once. What they are answered with is one write.
void read_data(as::socket& socket, std::span<const std::byte> octets) {
  connection& client = of(socket);
  while (!octets.empty() && client.open) {
    const http::ParseResult result = client.parser.feed(octets);
    octets = octets.subspan(result.consumed);
    if (result.status == http::ParseStatus::malformed) refuse(client, result.error);
    if (result.status == http::ParseStatus::message_complete) answer(client);
  }
  as::write_socket_data(socket, client.out);
  client.out.clear();
  if (!client.open) as::close_socket(socket);
}

// [made] Nothing is said before the client has asked.
void connected(as::socket& socket) {
  as::socket_data(socket) = std::make_shared<connection>();
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8080);
  try {
    as::start_event_loop([port] {
      const auto server =
          as::tcp_server("127.0.0.1", port, read_data,
                         {.connect_cb = connected,
                          // [slow] A client that sends requests and does not read the answers.
                          .pause_write_cb = [](as::socket& socket) { as::disable_socket(socket); },
                          .resume_write_cb = [](as::socket& socket) { as::enable_socket(socket); }});
      // [listen] Until a signal comes; leaving the loop then closes what is open.
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      std::printf("listening on 127.0.0.1:%d\n", as::server_port(*server));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "09_http_by_hand: %s\n", error.what());
    return 1;
  }
  return 0;
}
