// The smallest server on bare libuv: uv_read_start, and uv_try_write that falls back to uv_write.

#include <uv.h>

#include <memory>

#include "session.hpp"

namespace antiphon::bench {

namespace {

struct Shared {
  Service service;
  http::DateCache date;
  std::unique_ptr<char[]> buffer = std::make_unique_for_overwrite<char[]>(read_size);
};

template <typename Parser>
class Connection {
 public:
  static void accept(uv_stream_t* listener, Shared& shared) {
    auto made = std::make_unique<Connection>(shared);
    uv_tcp_init(listener->loop, &made->tcp_);
    made->tcp_.data = made.get();
    Connection& connection = *made.release();  // owned by the loop until close() is done
    if (uv_accept(listener, connection.stream()) != 0) return connection.close();
    uv_tcp_nodelay(&connection.tcp_, 1);
    connection.read();
  }
  explicit Connection(Shared& shared) : shared_(shared), session_(shared.service, shared.date) {}

  void close() {
    auto* handle = reinterpret_cast<uv_handle_t*>(&tcp_);
    if (uv_is_closing(handle) == 0)
      uv_close(handle, [](uv_handle_t* closed) {
        std::unique_ptr<Connection>(static_cast<Connection*>(closed->data));
      });
  }

 private:
  void read() {
    uv_read_start(
        stream(),
        [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
          *buffer = uv_buf_init(static_cast<Connection*>(handle->data)->shared_.buffer.get(), read_size);
        },
        [](uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
          auto& from = *static_cast<Connection*>(handle->data);
          if (count < 0 || !from.session_.feed({buffer->base, static_cast<std::size_t>(count)}))
            from.close();
          else
            from.send();
        });
  }
  /// True if all is sent; else the rest is on its way, or the connection closes.
  bool send() {
    for (auto octets = session_.pending(); !octets.empty(); octets = session_.pending()) {
      const uv_buf_t buffer = buffer_of(octets);
      const int sent = uv_try_write(stream(), &buffer, 1);
      if (sent < 0) {
        sent == UV_EAGAIN ? write() : close();
        return false;
      }
      session_.sent(static_cast<std::size_t>(sent));
    }
    if (session_.closing()) close();
    return !session_.closing();
  }
  /// Not read from meanwhile.
  void write() {
    uv_read_stop(stream());
    session_.keep();
    const uv_buf_t buffer = buffer_of(session_.pending());
    request_.data = this;
    uv_write(&request_, stream(), &buffer, 1, [](uv_write_t* request, int status) {
      auto& from = *static_cast<Connection*>(request->data);
      if (status < 0) return from.close();
      from.session_.sent(from.session_.pending().size());
      if (from.send()) from.read();
    });
  }
  static uv_buf_t buffer_of(std::string_view octets) {
    return uv_buf_init(const_cast<char*>(octets.data()), static_cast<unsigned>(octets.size()));
  }
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp_); }

  uv_tcp_t tcp_{};
  uv_write_t request_{};
  Shared& shared_;
  Session<Parser> session_;
};

template <typename Parser>
class LibuvServer final : public Server {
  using Connection = bench::Connection<Parser>;

 public:
  explicit LibuvServer(Service service) : shared_{service, {}} {}

  void run(const Listening& listening) override {
    uv_loop_init(&loop_);
    uv_async_init(&loop_, &stop_, [](uv_async_t* handle) { uv_stop(handle->loop); });
    uv_tcp_init(&loop_, &listener_);
    listener_.data = &shared_;
    sockaddr_in where{};
    uv_ip4_addr("127.0.0.1", 0, &where);
    uv_tcp_bind(&listener_, reinterpret_cast<sockaddr*>(&where), 0);
    uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 1024, [](uv_stream_t* handle, int status) {
      if (status == 0) Connection::accept(handle, *static_cast<Shared*>(handle->data));
    });
    int size = sizeof(where);
    uv_tcp_getsockname(&listener_, reinterpret_cast<sockaddr*>(&where), &size);
    listening(ntohs(where.sin_port));
    uv_run(&loop_, UV_RUN_DEFAULT);

    uv_walk(
        &loop_,
        [](uv_handle_t* handle, void* self) {
          auto* server = static_cast<LibuvServer*>(self);
          if (handle == reinterpret_cast<uv_handle_t*>(&server->listener_) ||
              handle == reinterpret_cast<uv_handle_t*>(&server->stop_))
            uv_close(handle, nullptr);
          else
            static_cast<Connection*>(handle->data)->close();
        },
        this);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  void stop() override { uv_async_send(&stop_); }

 private:
  Shared shared_;
  uv_loop_t loop_{};
  uv_async_t stop_{};
  uv_tcp_t listener_{};
};

}  // namespace

std::unique_ptr<Server> make_bare_libuv(Service service) {
  return std::make_unique<LibuvServer<StylesParser>>(service);
}
std::unique_ptr<Server> make_bare_libuv_llhttp(Service service) {
  return std::make_unique<LibuvServer<LlhttpAlone>>(service);
}

}  // namespace antiphon::bench
