// cl_async_style under measurement: an echo read_cb, and the whole HTTP server with the shared app.

#include "antiphon/cl_async_style.hpp"
#include "antiphon/cl_async_style/http/serve.hpp"
#include "bench_app.hpp"
#include "server.hpp"

namespace antiphon::bench {

namespace {

namespace as = cl_async_style;

class ClAsyncStyleServer final : public Server {
 public:
  explicit ClAsyncStyleServer(Service service) : service_(service) {}

  void run(const Listening& listening) override {
    service_ == Service::echo ? echo(listening) : http(listening);
  }
  void stop() override { stop_(); }

 private:
  void echo(const Listening& listening) {
    as::start_event_loop([&] {
      const auto server =
          as::tcp_server("127.0.0.1", 0, [](as::socket& socket, std::span<const std::byte> octets) {
            as::write_socket_data(socket, octets);
          });
      stop_ = [bell = as::make_notifier([] { as::exit_event_loop(); })] { as::trigger_notifier(*bell); };
      listening(as::server_port(*server));
    });
  }
  void http(const Listening& listening) {
    http::ServerLimits limits;
    limits.parser.body = largest_body;
    as::serve("127.0.0.1", 0, bench_app(),
              {.handle_signals = false,
               .drain = std::chrono::milliseconds(100),
               .limits = limits,
               .on_listening = listening,
               .on_stopper = [this](std::function<void()> stop) { stop_ = std::move(stop); }});
  }

  Service service_;
  std::function<void()> stop_;
};

}  // namespace

std::unique_ptr<Server> make_cl_async_style(Service service) {
  return std::make_unique<ClAsyncStyleServer>(service);
}

}  // namespace antiphon::bench
