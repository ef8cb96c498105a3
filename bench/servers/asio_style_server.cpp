// asio_style under measurement: an echo protocol, and the whole HTTP server with the shared app.

#include "antiphon/app.hpp"
#include "antiphon/asio_style.hpp"
#include "antiphon/asio_style/http/serve.hpp"
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
  explicit AsioStyleServer(Service service) {
    start([this, service](const auto& listening) {
      service == Service::echo ? echo(listening) : http(listening);
    });
  }
  ~AsioStyleServer() override {
    stop_();
    join();
  }

 private:
  template <typename Listening>
  void echo(const Listening& listening) {
    as::EventLoop loop;
    const auto server =
        loop.run_until_complete(loop.create_server([] { return std::make_shared<Echo>(); }, "127.0.0.1", 0));
    stop_ = [&loop] { loop.call_soon_threadsafe([&loop] { loop.stop(); }); };
    listening(server->sockets().front().getsockname().port);
    loop.run_forever();
    loop.close();
  }
  template <typename Listening>
  void http(const Listening& listening) {
    as::serve("127.0.0.1", 0, app(),
              {.graceful_timeout = std::chrono::milliseconds(100),
               .handle_signals = false,
               .on_listening = [&](std::uint16_t on) { listening(on); },
               .on_stopper = [this](std::function<void()> stop) { stop_ = std::move(stop); }});
  }
  std::function<void()> stop_;
};

}  // namespace

std::unique_ptr<Server> make_asio_style(Service service) {
  return std::make_unique<AsioStyleServer>(service);
}

}  // namespace antiphon::bench
