// The client says all it has to say and ends its direction; only then is there an answer. The server counts
// what came: "counting" at once, the count when the work is done, then the end.
//
// usage: 03_half_close [PORT [WORK_MS]]        try: printf 'a\nb\n' | nc -N 127.0.0.1 8888

#include <algorithm>
#include <antiphon/asio_style.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace as = antiphon::asio_style;

// [state] The counts of one client are fields of its object, and so is the work that is under way for it.
class Counter : public as::Protocol {
 public:
  Counter(as::EventLoop& loop, std::chrono::milliseconds work_time) : loop_(&loop), work_time_(work_time) {}

  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
  }

  // [data] Nothing is kept but the counts: the client may send for as long as it likes.
  void data_received(std::span<const std::byte> data) override {
    octets_ += data.size();
    lines_ += static_cast<std::size_t>(std::ranges::count(data, std::byte{'\n'}));
  }

  // [eof] The client will send no more, but it reads on. True keeps our direction open until we close it;
  // false, the default, would close the transport behind this call, and the count would never arrive.
  bool eof_received() override {
    transport_->write("counting\n");
    work_ = loop_->call_later(work_time_, [this] { answer(); });  // stands for work that takes its time
    return true;
  }

  // [lost] Also when the client goes while we work for it: the timer knows no connections, so it must be
  // told.
  void connection_lost(std::exception_ptr /*exc*/) override { work_.cancel(); }

 private:
  // [answer] `close` sends what is buffered first; then the client reads its end of file.
  void answer() {
    transport_->write(std::to_string(lines_) + " lines, " + std::to_string(octets_) + " octets\n");
    transport_->close();
  }

  as::EventLoop* loop_;
  std::chrono::milliseconds work_time_;
  std::shared_ptr<as::Transport> transport_;
  std::size_t octets_ = 0;
  std::size_t lines_ = 0;
  as::TimerHandle work_;
};

// [listen] Nothing is asked of the server: each protocol decides by what `eof_received` returns.
as::Task<void> serve(as::EventLoop& loop, std::uint16_t port, std::chrono::milliseconds work_time) {
  const auto counter = [&loop, work_time] { return std::make_shared<Counter>(loop, work_time); };
  const auto server = co_await loop.create_server(counter, "127.0.0.1", port);
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;
  co_await server->serve_forever();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8888;
  const std::chrono::milliseconds work_time(argc > 2 ? std::atoi(argv[2]) : 500);
  as::EventLoop loop;
  const auto serving = loop.create_task(serve(loop, static_cast<std::uint16_t>(port), work_time));
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&] { serving.cancel(); });
  try {
    loop.run_until_complete(serving);
  } catch (const as::CancelledError&) {
    return 0;  // a signal: the server is closed by now
  } catch (const std::exception& error) {
    std::cerr << "03_half_close: " << error.what() << '\n';
    return 1;
  }
}
