// The smallest server on bare libuv: uv_read_start, and uv_try_write that falls back to uv_write.

#include <uv.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http_answer.hpp"
#include "server.hpp"

namespace antiphon::bench {

namespace {

class LibuvServer;

struct Connection {
  uv_tcp_t tcp{};
  uv_write_t request{};
  LibuvServer* server = nullptr;
  HttpAnswer http;
  std::string out;
};

class LibuvServer final : public Server {
 public:
  explicit LibuvServer(Service service) : service_(service) {
    start([this](const auto& listening) { run(listening); });
  }
  ~LibuvServer() override {
    uv_async_send(&stop_);
    join();
  }

 private:
  template <typename Listening>
  void run(const Listening& listening) {
    uv_loop_init(&loop_);
    uv_async_init(&loop_, &stop_, [](uv_async_t* handle) { uv_stop(handle->loop); });
    uv_tcp_init(&loop_, &listener_);
    listener_.data = this;
    sockaddr_in where{};
    uv_ip4_addr("127.0.0.1", 0, &where);
    uv_tcp_bind(&listener_, reinterpret_cast<sockaddr*>(&where), 0);
    uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 1024, [](uv_stream_t* handle, int status) {
      if (status == 0) static_cast<LibuvServer*>(handle->data)->accept();
    });
    int size = sizeof(where);
    uv_tcp_getsockname(&listener_, reinterpret_cast<sockaddr*>(&where), &size);
    listening(ntohs(where.sin_port));
    uv_run(&loop_, UV_RUN_DEFAULT);

    for (auto& connection : connections_) close(*connection);
    uv_close(reinterpret_cast<uv_handle_t*>(&listener_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&stop_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  void accept() {
    connections_.push_back(std::make_unique<Connection>());
    Connection& connection = *connections_.back();
    connection.server = this;
    connection.tcp.data = &connection;
    uv_tcp_init(&loop_, &connection.tcp);
    uv_accept(reinterpret_cast<uv_stream_t*>(&listener_), stream(connection));
    uv_tcp_nodelay(&connection.tcp, 1);
    uv_read_start(
        stream(connection),
        [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
          auto& into = static_cast<Connection*>(handle->data)->server->buffer_;
          *buffer = uv_buf_init(into.data(), static_cast<unsigned>(into.size()));
        },
        [](uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
          auto& from = *static_cast<Connection*>(handle->data);
          if (count < 0)
            close(from);
          else if (count > 0)
            from.server->answer(from, {buffer->base, static_cast<std::size_t>(count)});
        });
  }
  void answer(Connection& connection, std::string_view octets) {
    if (service_ == Service::echo)
      connection.out.append(octets);
    else if (!connection.http.feed(octets, date_, connection.out))
      return close(connection);
    if (connection.out.empty() || uv_stream_get_write_queue_size(stream(connection)) > 0) return;
    const uv_buf_t buffer = uv_buf_init(connection.out.data(), static_cast<unsigned>(connection.out.size()));
    const int sent = uv_try_write(stream(connection), &buffer, 1);
    if (sent > 0) connection.out.erase(0, static_cast<std::size_t>(sent));
    if (!connection.out.empty()) write_rest(connection);
  }
  static void write_rest(Connection& connection) {
    auto kept = std::make_unique<std::string>(std::exchange(connection.out, {}));
    const uv_buf_t buffer = uv_buf_init(kept->data(), static_cast<unsigned>(kept->size()));
    connection.request.data = kept.release();
    uv_write(&connection.request, stream(connection), &buffer, 1, [](uv_write_t* request, int) {
      const std::unique_ptr<std::string> done(static_cast<std::string*>(request->data));
      auto& from = *static_cast<Connection*>(request->handle->data);
      if (!from.out.empty()) write_rest(from);
    });
  }
  static void close(Connection& connection) {
    auto* handle = reinterpret_cast<uv_handle_t*>(&connection.tcp);
    if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);  // freed with the server
  }
  static uv_stream_t* stream(Connection& connection) {
    return reinterpret_cast<uv_stream_t*>(&connection.tcp);
  }

  Service service_;
  uv_loop_t loop_{};
  uv_async_t stop_{};
  uv_tcp_t listener_{};
  http::DateCache date_;
  std::vector<char> buffer_ = std::vector<char>(read_size);
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace

std::unique_ptr<Server> make_bare_libuv(Service service) {
  return std::make_unique<LibuvServer>(service);
}

}  // namespace antiphon::bench
