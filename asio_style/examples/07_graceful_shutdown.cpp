// An echo server that ends well. On SIGTERM or SIGINT it takes no new connections, goes on serving those that
// are open until their clients have finished, and aborts what is left at a deadline.
//
// loop.stop() alone would cut every answer that is being sent.
//
// usage: 07_graceful_shutdown [PORT [DEADLINE_MS]]

#include <antiphon/asio_style.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>

namespace as = antiphon::asio_style;

// [state] Only for the summary: the server knows its connections by itself.
struct Counts {
  std::size_t open = 0;
  std::size_t finished = 0;
  std::size_t forced = 0;
};

class Echo : public as::Protocol {
 public:
  explicit Echo(Counts& counts) : counts_(&counts) {}

  // [made] One more that has to end before we may.
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
    ++counts_->open;
  }

  // [data] An echo.
  void data_received(std::span<const std::byte> data) override { transport_->write(data); }

  // [slow] A client that does not read is not listened to, so that its output stays bounded.
  void pause_writing() override { transport_->pause_reading(); }
  void resume_writing() override { transport_->resume_reading(); }

  // [lost] Nothing of this client's is waiting any more.
  void connection_lost(std::exception_ptr /*exc*/) override {
    --counts_->open;
    ++counts_->finished;
  }

 private:
  Counts* counts_;
  std::shared_ptr<as::Transport> transport_;
};

// [listen] One coroutine is the server's whole life, from top to bottom.
as::Task<void> serve(std::uint16_t port, std::chrono::milliseconds deadline, Counts& counts) {
  as::EventLoop& loop = as::get_running_loop();
  const auto echo = [&counts] { return std::make_shared<Echo>(counts); };
  const auto server = co_await loop.create_server(echo, "127.0.0.1", port);
  // [stop] The handlers run in the loop, not in the signal's context: everything is allowed in them. These
  // wake the coroutine.
  as::Event stop;
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&stop] { stop.set(); });
  // Only now: whoever reads this line may send a signal.
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;

  // Begun before close, wait_closed waits for the last connection; after close it would return at once
  // (AS-075).
  const auto all_gone = loop.create_task(server->wait_closed());
  co_await stop.wait();

  // [drain] `close` ends the listening only; the connections go on. Then whichever comes first: the last of
  // them has ended, or the deadline.
  server->close();
  try {
    // Shielded, since what is late is cancelled, and we want to wait on below.
    co_await as::wait_for(as::shield(all_gone), deadline);
  } catch (const as::TimeoutError&) {
    // [force] What is left is aborted, and waited for as well.
    counts.forced = counts.open;
    // Not close_clients: that would wait for clients that do not read, perhaps for ever.
    server->abort_clients();
  }
  co_await all_gone;  // every connection_lost has been called: nothing is cut
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8888;
  const std::chrono::milliseconds deadline(argc > 2 ? std::atoi(argv[2]) : 5'000);
  Counts counts;
  try {
    as::run(serve(static_cast<std::uint16_t>(port), deadline, counts));
  } catch (const std::exception& error) {
    std::cerr << "07_graceful_shutdown: " << error.what() << '\n';
    return 1;
  }
  std::cout << "finished " << counts.finished - counts.forced << ", forced " << counts.forced << std::endl;
}
