// What a protocol of asio_style is told, in order: a client says one thing and ends.

#include <antiphon/asio_style.hpp>
#include <iostream>

namespace as = antiphon::asio_style;

// [told] Each method of the protocol is one letter pair of the automaton.
class Recorder : public as::Protocol {
 public:
  void connection_made(std::shared_ptr<as::Transport>) override { std::cout << "CM"; }
  void data_received(std::span<const std::byte>) override { std::cout << " DR"; }
  bool eof_received() override {
    std::cout << " ER";
    return false;  // the transport closes itself; true would keep it open for writing
  }
  void pause_writing() override { std::cout << " PW"; }
  void resume_writing() override { std::cout << " RW"; }
  void connection_lost(std::exception_ptr exc) override { std::cout << " CL " << as::describe(exc) << '\n'; }
};

as::Task<void> meet() {
  as::EventLoop& loop = as::get_running_loop();
  const auto server =
      co_await loop.create_server([] { return std::make_shared<Recorder>(); }, "127.0.0.1", 0);
  const auto port = server->sockets().front().getsockname().port;
  const auto client = [] { return std::make_shared<as::Protocol>(); };
  const auto connection = co_await loop.create_connection(client, "127.0.0.1", port);
  const auto gone = loop.create_task(server->wait_closed());
  connection.transport->write("hello");
  connection.transport->write_eof();
  server->close();
  co_await gone;  // the last connection is lost
}

int main() {
  as::run(meet());
}
