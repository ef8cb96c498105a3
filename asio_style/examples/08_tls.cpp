// An echo server over TLS. Nothing in the protocol knows of TLS; the context does, and connection_lost when
// somebody cut the connection: the end of a TLS stream is authenticated, the end of a TCP stream is not.
//
// usage: 08_tls PORT CERTIFICATE KEY        (PEM files; port 0: a free one)
// try:   openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost
//        08_tls 8888 cert.pem key.pem &  openssl s_client -quiet -connect localhost:8888

#include <antiphon/asio_style.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>

namespace as = antiphon::asio_style;

// [state] The same object as without TLS.
class Echo : public as::Protocol {
 public:
  // [made] Comes after the handshake; a client that fails at it is never heard of.
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
    const auto tls = std::any_cast<as::SSLObject>(transport_->get_extra_info("ssl_object"));
    std::cout << "connected: " << tls.version() << ", " << tls.selected_alpn_protocol().value_or("no ALPN")
              << std::endl;
  }

  // [data] Clear text in, clear text out.
  void data_received(std::span<const std::byte> data) override { transport_->write(data); }

  // [slow] The client is slow: stop reading until it has taken what we hold.
  void pause_writing() override { transport_->pause_reading(); }
  void resume_writing() override { transport_->resume_reading(); }

  // [lost] After the client's close_notify the transport sends what is left, says close_notify and closes
  // itself: a clean end, without an exception. A connection that was cut has one.
  void connection_lost(std::exception_ptr exc) override {
    std::cout << "lost: " << as::describe(exc) << std::endl;  // "None": a clean end
  }

 private:
  std::shared_ptr<as::Transport> transport_;
};

// [tls] Certificate, key and what we speak (ALPN): one context for all connections.
as::SSLContext make_context(const char* certificate, const char* key) {
  auto context = as::create_default_context(as::Purpose::CLIENT_AUTH);
  context.load_cert_chain(certificate, key);
  context.set_alpn_protocols({"echo"});
  return context;
}

// [listen] The context is the only difference to an echo server without TLS.
as::Task<void> serve(as::EventLoop& loop, std::uint16_t port, as::SSLContext context) {
  as::CreateServerOptions options;
  options.ssl = context;
  const auto server =
      co_await loop.create_server([] { return std::make_shared<Echo>(); }, "127.0.0.1", port, options);
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;
  co_await server->serve_forever();
}

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: 08_tls PORT CERTIFICATE KEY\n";
    return 2;
  }
  as::EventLoop loop;
  try {
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const auto serving = loop.create_task(serve(loop, port, make_context(argv[2], argv[3])));
    for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&] { serving.cancel(); });
    loop.run_until_complete(serving);
  } catch (const as::CancelledError&) {
    return 0;  // a signal: the server is closed by now
  } catch (const std::exception& error) {
    std::cerr << "08_tls: " << error.what() << '\n';
    return 1;
  }
}
