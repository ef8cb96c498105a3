// An echo server over TLS. The callbacks are those of echo: TLS is beneath the socket. Only the events tell
// more, for the end of a TLS stream is authenticated, and the end of a TCP stream is not.
//
// usage: 08_tls PORT CERTIFICATE KEY        (PEM files; port 0: a free one)
// try:   openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost
//        08_tls 8888 cert.pem key.pem &  openssl s_client -quiet -connect localhost:8888

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "antiphon/cl_async_style.hpp"

namespace as = antiphon::cl_async_style;

namespace {

// [state] None, as without TLS.

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

// [made] After the handshake, an extension; `connect_cb` would come with the TCP connection, before a word of
// TLS.
void handshake_done(as::socket& socket) {
  const antiphon::tls::Engine& tls = *as::ssl_engine(socket);
  const std::string alpn(tls.alpn_protocol());
  say("connected: " + std::string(tls.version()) + ", " + (alpn.empty() ? "no ALPN" : alpn));
}

// [data] Clear text in, clear text out.
void read_data(as::socket& socket, std::span<const std::byte> octets) {
  as::write_socket_data(socket, octets);
}

// [lost] Said close_notify, the client ended well: the end of data, after which what is left is sent, and our
// close_notify. A connection that was cut is a `tcp_ssl_error`.
void event_handler(const std::exception& event) {
  if (as::condition_cast<as::socket_eof>(event))
    say("lost: end of data");
  else
    say(std::string("lost: ") + event.what());
}

// [slow] The client is slow: stop reading until it has taken what we hold.
void pause_write(as::socket& socket) {
  as::disable_socket(socket);
}
void resume_write(as::socket& socket) {
  as::enable_socket(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: 08_tls PORT CERTIFICATE KEY\n", stderr);
    return 2;
  }
  try {
    as::start_event_loop([argv] {
      // [listen] `tcp_ssl_server` is `tcp_server` with one more argument.
      const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
      const auto server = as::tcp_ssl_server(
          "127.0.0.1", port, read_data,
          {.event_cb = event_handler, .pause_write_cb = pause_write, .resume_write_cb = resume_write},
          // [tls] Certificate, key and what we speak (ALPN), for all connections.
          {.certificate = argv[2],
           .key = argv[3],
           .alpn_protocols = {"echo"},
           .handshake_cb = handshake_done});
      for (const int signo : {SIGINT, SIGTERM}) as::signal_handler(signo, [](int) { as::exit_event_loop(); });
      say("listening on 127.0.0.1:" + std::to_string(as::server_port(*server)));
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "08_tls: %s\n", error.what());
    return 1;
  }
  return 0;
}
