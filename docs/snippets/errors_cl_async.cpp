// An error in a callback of cl_async_style: who hears of it, and what becomes of the connection.

#include <antiphon/cl_async_style.hpp>
#include <iostream>
#include <stdexcept>

namespace as = antiphon::cl_async_style;

namespace {

// [thrown] From a callback an exception goes to the socket's own `event_cb` first, if `catch_app_errors` is
// on. The socket stays open: who hears of the error decides.
void read_data(as::socket&, std::span<const std::byte>) {
  throw std::runtime_error("cannot read this");
}

void event_handler(const std::exception& event) {
  if (as::condition_cast<as::event_info>(event)) return;  // news of the connection
  std::cout << "event_cb: " << event.what() << '\n';      // an error of our own
  as::exit_event_loop();
}

}  // namespace

int main() {
  // [told] Off, the exception leaves `start_event_loop`, behind the closing of the loop. On, whatever
  // `event_cb` does not take goes to `handle_error`, or becomes a warning.
  const as::event_loop_options options{
      .catch_app_errors = true,
      .handle_error = [](const std::exception& error) { std::cout << "handler: " << error.what() << '\n'; }};
  as::start_event_loop(
      [] {
        const auto server = as::tcp_server("127.0.0.1", 0, read_data, {.event_cb = event_handler});
        const std::uint16_t port = as::server_port(*server);
        // [asked] What fails later is a condition for the `event_cb` that was given along: here nobody
        // listens.
        as::tcp_connect("127.0.0.1", 1, nullptr, {.event_cb = [port](const std::exception& event) {
                          if (as::condition_cast<as::socket_refused>(event)) std::cout << "refused\n";
                          as::tcp_connect("127.0.0.1", port, nullptr, {.data = "hello"});
                        }});
        // [end]
      },
      options);
}
