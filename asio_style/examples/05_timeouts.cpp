// An echo server with a clock for each way in which a client can keep us waiting: it never says anything, it
// stops in the middle, it stays for ever, it does not read. The first three are told so; the last cannot be.
//
// usage: 05_timeouts [PORT [FIRST_MS [IDLE_MS [SESSION_MS [STALL_MS]]]]]

#include <antiphon/asio_style.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace as = antiphon::asio_style;
using std::chrono::milliseconds;

struct Limits {
  milliseconds first{5'000};     ///< until the first octet
  milliseconds idle{10'000};     ///< between two octets
  milliseconds session{60'000};  ///< altogether
  milliseconds stall{5'000};     ///< while the client takes nothing of what waits for it
};

// [state] A handle per clock; a handle that is forgotten goes on running, so they are fields.
class Guest : public as::Protocol {
 public:
  Guest(as::EventLoop& loop, const Limits& limits) : loop_(&loop), limits_(&limits) {}

  // [made] The first clocks start with the connection.
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
    idle_ = loop_->call_later(limits_->first, [this] { say_and_close("timeout: nothing came\n"); });
    session_ =
        loop_->call_later(limits_->session, [this] { say_and_close("timeout: the session is over\n"); });
  }

  // [data] Only a time is noted. Cancelling a timer and setting a new one per block would cost more than the
  // echo itself.
  void data_received(std::span<const std::byte> data) override {
    const bool first = last_heard_ == as::TimePoint();
    last_heard_ = loop_->time();
    if (first) watch_idleness();
    transport_->write(data);
  }

  // [slow] The fourth clock runs only while the client is behind.
  void pause_writing() override {
    transport_->pause_reading();
    stall_ = loop_->call_later(limits_->stall, [this] { transport_->abort(); });
  }
  void resume_writing() override {
    stall_.cancel();
    transport_->resume_reading();
  }

  // [lost] Timers know no connections: one that fires later would find a protocol that is gone.
  void connection_lost(std::exception_ptr /*exc*/) override {
    for (as::TimerHandle* clock : {&idle_, &session_, &stall_}) clock->cancel();
  }

 private:
  // [timer] Fires when the client might have been idle for too long, and goes back to sleep if it was not:
  // the deadline moves, the timer need not.
  void watch_idleness() {
    idle_.cancel();
    const as::TimePoint deadline = last_heard_ + limits_->idle;
    if (loop_->time() >= deadline) return say_and_close("timeout: idle\n");
    idle_ = loop_->call_at(deadline, [this] { watch_idleness(); });
  }

  // [close] The goodbye has a limit of its own: `close` would wait for ever for a client that does not read.
  void say_and_close(std::string_view text) {
    transport_->write(text);
    transport_->close();
    idle_.cancel();
    session_.cancel();
    session_ = loop_->call_later(limits_->stall, [this] { transport_->abort(); });
  }

  as::EventLoop* loop_;
  const Limits* limits_;
  std::shared_ptr<as::Transport> transport_;
  as::TimePoint last_heard_;
  as::TimerHandle idle_, session_, stall_;
};

as::Task<void> serve(as::EventLoop& loop, std::uint16_t port, const Limits& limits) {
  const auto guest = [&loop, &limits] { return std::make_shared<Guest>(loop, limits); };
  const auto server = co_await loop.create_server(guest, "127.0.0.1", port);
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;
  co_await server->serve_forever();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8888;
  Limits limits;
  if (argc > 2) limits.first = milliseconds(std::atoi(argv[2]));
  if (argc > 3) limits.idle = milliseconds(std::atoi(argv[3]));
  if (argc > 4) limits.session = milliseconds(std::atoi(argv[4]));
  if (argc > 5) limits.stall = milliseconds(std::atoi(argv[5]));
  as::EventLoop loop;
  const auto serving = loop.create_task(serve(loop, static_cast<std::uint16_t>(port), limits));
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&] { serving.cancel(); });
  try {
    loop.run_until_complete(serving);
  } catch (const as::CancelledError&) {
    return 0;  // a signal: the server is closed by now
  } catch (const std::exception& error) {
    std::cerr << "05_timeouts: " << error.what() << '\n';
    return 1;
  }
}
