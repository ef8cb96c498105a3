// asio_style under measurement: an echo protocol, and the whole HTTP server with the shared app.

#include "antiphon/asio_style.hpp"
#include "antiphon/asio_style/http/serve.hpp"
#include "bench_app.hpp"
#include "server.hpp"

namespace antiphon::bench {

namespace {

namespace as = asio_style;

class Echo final : public as::Protocol {
 public:
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
  }
  void data_received(std::span<const std::byte> data) override { transport_->write(data); }
  void connection_lost(std::exception_ptr) override { transport_.reset(); }

 private:
  std::shared_ptr<as::Transport> transport_;
};

class AsioStyleServer final : public Server {
 public:
  explicit AsioStyleServer(Service service) : service_(service) {}

  void run(const Listening& listening) override {
    service_ == Service::echo ? echo(listening) : http(listening);
  }
  void stop() override { stop_(); }

 private:
  void echo(const Listening& listening) {
    as::EventLoop loop;
    const auto server =
        loop.run_until_complete(loop.create_server([] { return std::make_shared<Echo>(); }, "127.0.0.1", 0));
    stop_ = [&loop] { loop.call_soon_threadsafe([&loop] { loop.stop(); }); };
    listening(server->sockets().front().getsockname().port);
    loop.run_forever();
    loop.close();
  }
  void http(const Listening& listening) {
    http::ServerLimits limits;
    limits.parser.body = largest_body;
    as::serve("127.0.0.1", 0, bench_app(),
              {.server = {.limits = limits},
               .graceful_timeout = std::chrono::milliseconds(100),
               .handle_signals = false,
               .on_listening = listening,
               .on_stopper = [this](std::function<void()> stop) { stop_ = std::move(stop); }});
  }

  Service service_;
  std::function<void()> stop_;
};

}  // namespace

std::unique_ptr<Server> make_asio_style(Service service) {
  return std::make_unique<AsioStyleServer>(service);
}

}  // namespace antiphon::bench
