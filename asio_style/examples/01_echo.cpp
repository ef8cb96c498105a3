// An echo server: whatever comes in goes out again, and a client that does not read is not read from either.
//
// usage: 01_echo [PORT]        try: nc 127.0.0.1 8888

#include <antiphon/asio_style.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>

namespace as = antiphon::asio_style;

// [state] An object per connection; what it must remember is in its fields. Here that is only the way to
// answer, the transport.
class Echo : public as::Protocol {
 public:
  // [made] A connection begins. The transport is kept: it is not handed over again.
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
  }

  // [data] Octets came. What the kernel takes at once is sent before `write` returns.
  void data_received(std::span<const std::byte> data) override { transport_->write(data); }

  // [slow] The client is slow: stop reading until it has taken what we hold.
  void pause_writing() override { transport_->pause_reading(); }
  void resume_writing() override { transport_->resume_reading(); }

  // [eof] Not overridden: after the client's end of file the transport sends what is left and closes itself.

  // [lost] The last call, exactly once, whatever the reason. No exception: the end was nobody's fault.
  void connection_lost(std::exception_ptr exc) override {
    if (exc) std::cerr << "connection lost: " << as::describe(exc) << '\n';
  }

 private:
  std::shared_ptr<as::Transport> transport_;
};

// [listen] The server is given a factory: it makes an `Echo` for each connection.
as::Task<void> serve(as::EventLoop& loop, std::uint16_t port) {
  const auto server = co_await loop.create_server([] { return std::make_shared<Echo>(); }, "127.0.0.1", port);
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;
  co_await server->serve_forever();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8888;
  as::EventLoop loop;
  const auto serving = loop.create_task(serve(loop, static_cast<std::uint16_t>(port)));
  // [stop] A signal cancels the task that serves, and that closes the server.
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&] { serving.cancel(); });
  try {
    loop.run_until_complete(serving);
  } catch (const as::CancelledError&) {
    return 0;  // a signal: the server is closed by now
  } catch (const std::exception& error) {
    // [failed] What went wrong before the server listened, as a port that is taken, comes out of the task.
    std::cerr << "01_echo: " << error.what() << '\n';
    return 1;
  }
}
