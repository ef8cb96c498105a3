// A server with more to say than its clients may want to hear: the numbers from 1 to COUNT, a line each. It
// makes them no faster than the client takes them, so that its memory stays bounded however slow that is.
//
// usage: 04_back_pressure [PORT [COUNT]]        try: nc 127.0.0.1 8888 | (sleep 3; tail -n 1)

#include <algorithm>
#include <antiphon/asio_style.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace as = antiphon::asio_style;

constexpr std::size_t high_water =
    32 * 1024;  // octets that may wait for the client; the low mark is a quarter
constexpr std::size_t block_size = 4 * 1024;  // octets made at a time

// [state] How far this client has come, and whether it is behind: fields.
class Numbers : public as::Protocol {
 public:
  Numbers(as::EventLoop& loop, std::uint64_t count) : loop_(&loop), count_(count) {}

  // [made] The marks are the connection's own. Then we begin: nobody has to ask.
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
    transport_->set_write_buffer_limits(high_water);
    produce();
  }

  // [slow] Told from inside `write`, once, when more than the high mark waits; and again when no more than
  // the low mark does. Between the two nothing is made, and nothing is asked.
  void pause_writing() override {
    slow_ = true;
    ++pauses_;
  }
  void resume_writing() override {
    slow_ = false;
    produce();
  }

  // [eof] That the client has nothing to say does not mean that it has heard enough.
  bool eof_received() override { return true; }

  // [lost] What was to be made next for this client is not made.
  void connection_lost(std::exception_ptr /*exc*/) override {
    next_block_.cancel();
    std::cout << "sent " << next_ - 1 << " lines, paused " << pauses_ << " times, at most " << most_
              << " octets waiting" << std::endl;
  }

 private:
  // [tell] One block, then the loop's turn. A client as fast as we are would never pause us: a plain `while`
  // here would let the others wait for ever.
  void produce() {
    if (slow_ || transport_->is_closing()) return;
    std::string block;
    while (block.size() < block_size && next_ <= count_) block += std::to_string(next_++) + "\n";
    transport_->write(block);
    most_ = std::max(most_, transport_->get_write_buffer_size());
    if (next_ > count_) {
      transport_->close();  // what still waits is sent first
    } else if (!slow_) {
      next_block_ = loop_->call_soon([this] { produce(); });
    }
  }

  as::EventLoop* loop_;
  std::uint64_t count_;
  std::shared_ptr<as::Transport> transport_;
  std::uint64_t next_ = 1;
  bool slow_ = false;
  std::size_t pauses_ = 0;
  std::size_t most_ = 0;
  as::Handle next_block_;
};

as::Task<void> serve(as::EventLoop& loop, std::uint16_t port, std::uint64_t count) {
  const auto numbers = [&loop, count] { return std::make_shared<Numbers>(loop, count); };
  const auto server = co_await loop.create_server(numbers, "127.0.0.1", port);
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;
  co_await server->serve_forever();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8888;
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000'000;
  as::EventLoop loop;
  const auto serving = loop.create_task(serve(loop, static_cast<std::uint16_t>(port), count));
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&] { serving.cancel(); });
  try {
    loop.run_until_complete(serving);
  } catch (const as::CancelledError&) {
    return 0;  // a signal: the server is closed by now
  } catch (const std::exception& error) {
    std::cerr << "04_back_pressure: " << error.what() << '\n';
    return 1;
  }
}
