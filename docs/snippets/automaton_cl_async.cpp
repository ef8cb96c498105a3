// What the callbacks of cl_async_style are told, in order: a client says one thing and ends.

#include <antiphon/cl_async_style.hpp>
#include <iostream>

namespace as = antiphon::cl_async_style;

int main() {
  as::start_event_loop([] {
    // [told] Each callback is one letter pair of the automaton; the end of data comes as an event.
    const auto server =
        as::tcp_server("127.0.0.1", 0, [](as::socket&, std::span<const std::byte>) { std::cout << " DR"; },
                       {.event_cb =
                            [](const std::exception& event) {
                              if (as::condition_cast<as::socket_eof>(event)) std::cout << " ER";
                            },
                        .connect_cb = [](as::socket&) { std::cout << "CM"; },
                        .close_cb =
                            [](as::socket&, const as::event_error* cause) {
                              std::cout << " CL " << (cause ? cause->what() : "None") << '\n';
                              as::exit_event_loop();
                            },
                        .pause_write_cb = [](as::socket&) { std::cout << " PW"; },
                        .resume_write_cb = [](as::socket&) { std::cout << " RW"; }});
    // [end]
    as::tcp_connect("127.0.0.1", as::server_port(*server), nullptr,
                    {.data = "hello", .connect_cb = [](as::socket& client) { as::close_socket(client); }});
  });
}
