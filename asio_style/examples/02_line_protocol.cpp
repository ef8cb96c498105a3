// A protocol of lines: PING -> PONG, ECHO text -> text, QUIT -> BYE and the end. A line of more than 1024
// octets and a client that is idle end the connection, each with a word of why.
//
// usage: 02_line_protocol [PORT [IDLE_MS]]        try: nc 127.0.0.1 8888

#include <antiphon/asio_style.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace as = antiphon::asio_style;

constexpr std::size_t longest_line = 1024;

// [state] A session is an object: the unfinished line and the timer are its fields.
class Session : public as::Protocol {
 public:
  Session(as::EventLoop& loop, std::chrono::milliseconds idle_limit)
      : loop_(&loop), idle_limit_(idle_limit) {}

  // [made] A client has to say something, too, or the session would last for ever.
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
    watch_idleness();
  }

  // [data] A line may come in pieces and many may come at once: TCP keeps no boundaries. What has no end yet
  // is kept for the next call.
  void data_received(std::span<const std::byte> data) override {
    watch_idleness();
    unfinished_.append(reinterpret_cast<const char*>(data.data()), data.size());
    std::string_view rest = unfinished_;
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.size() > longest_line) return say_and_close("ERR line too long\n");
      obey(line);
      if (transport_->is_closing()) return;  // QUIT: what follows it is not obeyed
    }
    unfinished_.erase(0, unfinished_.size() - rest.size());
    if (unfinished_.size() > longest_line + 1) say_and_close("ERR line too long\n");  // + 1: a CR
  }

  // [slow] A client that sends commands and does not read the answers makes them pile up: we stop listening
  // to it.
  void pause_writing() override { transport_->pause_reading(); }
  void resume_writing() override { transport_->resume_reading(); }

  // [lost] Timers know no connections: ours would fire for a session that is gone.
  void connection_lost(std::exception_ptr /*exc*/) override { idle_.cancel(); }

 private:
  // [answer] `write` copies what the kernel does not take at once; `writelines` sends its parts as one.
  void obey(std::string_view line) {
    if (line == "PING") {
      transport_->write("PONG\n");
    } else if (line.starts_with("ECHO ")) {
      transport_->writelines({line.substr(5), "\n"});
    } else if (line == "QUIT") {
      say_and_close("BYE\n");
    } else {
      transport_->write("ERR unknown command\n");
    }
  }

  // [close] The text is sent first. Without a limit of its own that would wait for ever for a client that
  // does not read.
  void say_and_close(std::string_view text) {
    transport_->write(text);
    transport_->close();
    idle_.cancel();
    idle_ = loop_->call_later(idle_limit_, [this] { transport_->abort(); });
  }

  // [timer] A timer cannot be moved: the old one is cancelled and a new one set.
  void watch_idleness() {
    idle_.cancel();
    idle_ = loop_->call_later(idle_limit_, [this] { say_and_close("ERR timeout\n"); });
  }

  as::EventLoop* loop_;
  std::chrono::milliseconds idle_limit_;
  std::shared_ptr<as::Transport> transport_;
  std::string unfinished_;  // of a line whose end has not come
  as::TimerHandle idle_;
};

as::Task<void> serve(as::EventLoop& loop, std::uint16_t port, std::chrono::milliseconds idle_limit) {
  const auto session = [&loop, idle_limit] { return std::make_shared<Session>(loop, idle_limit); };
  const auto server = co_await loop.create_server(session, "127.0.0.1", port);
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;
  co_await server->serve_forever();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8888;
  const std::chrono::milliseconds idle_limit(argc > 2 ? std::atoi(argv[2]) : 10'000);
  as::EventLoop loop;
  const auto serving = loop.create_task(serve(loop, static_cast<std::uint16_t>(port), idle_limit));
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&] { serving.cancel(); });
  try {
    loop.run_until_complete(serving);
  } catch (const as::CancelledError&) {
    return 0;  // a signal: the server is closed by now
  } catch (const std::exception& error) {
    std::cerr << "02_line_protocol: " << error.what() << '\n';
    return 1;
  }
}
