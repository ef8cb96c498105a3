// An error in a callback of asio_style: who hears of it, and what becomes of the connection.

#include <antiphon/asio_style.hpp>
#include <iostream>
#include <stdexcept>

namespace as = antiphon::asio_style;

// [thrown] From a callback that receives, an exception ends the connection and is the cause that
// `connection_lost` gets. The others, and other connections, go on.
class Fragile : public as::Protocol {
 public:
  void data_received(std::span<const std::byte>) override { throw std::runtime_error("cannot read this"); }
  void connection_lost(std::exception_ptr exc) override {
    std::cout << "connection_lost: " << as::describe(exc) << '\n';
  }
};

as::Task<void> meet() {
  as::EventLoop& loop = as::get_running_loop();
  // [told] The loop's exception handler is told of whatever leaves a callback; the default one logs it.
  loop.set_exception_handler([](as::EventLoop&, const as::ExceptionContext& context) {
    std::cout << "handler: " << context.message << '\n';
  });
  // [asked] What the caller asked for is thrown to the caller: here nobody listens.
  try {
    co_await loop.create_connection([] { return std::make_shared<as::Protocol>(); }, "127.0.0.1", 1);
  } catch (const as::OSError& error) {
    std::cout << "caught: " << error.what() << '\n';
  }
  // [end]
  const auto server = co_await loop.create_server([] { return std::make_shared<Fragile>(); }, "127.0.0.1", 0);
  const auto port = server->sockets().front().getsockname().port;
  const auto client = [] { return std::make_shared<as::Protocol>(); };
  const auto connection = co_await loop.create_connection(client, "127.0.0.1", port);
  const auto gone = loop.create_task(server->wait_closed());
  connection.transport->write("hello");
  server->close();
  co_await gone;
}

int main() {
  as::run(meet());
}
