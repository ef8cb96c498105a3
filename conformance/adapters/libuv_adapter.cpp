// The adapter protocol for bare libuv: a template to begin with. What libuv does not have by itself (marks,
// errors of callbacks) it does not offer, and the kit says so.

#include <uv.h>

#include "adapter.hpp"

namespace {

using namespace antiphon::adapter;
const std::vector<std::string> offers{
    "tcp", "abort", "write_eof", "pause_reading", "keep_open_after_eof", "writelines"};

class UvConnection final : public Connection {
 public:
  explicit UvConnection(uv_stream_t* listener) {
    uv_tcp_init(uv_default_loop(), &handle_);
    handle_.data = this;
    uv_accept(listener, stream());
  }

 private:
  struct Write : uv_write_t {
    std::string octets;
    bool last = false;
  };
  void write(std::string octets) override {
    if (!closing_ && !octets.empty()) send(std::move(octets), false);
  }
  void send(std::string octets, bool last) {
    auto* request = new Write{{}, std::move(octets), last};
    const uv_buf_t buffer =
        uv_buf_init(request->octets.data(), static_cast<unsigned>(request->octets.size()));
    const auto done = [](uv_write_t* made, int status) {
      const std::unique_ptr<Write> written(static_cast<Write*>(made));
      if (status != UV_ECANCELED && (status < 0 || written->last)) self(made->handle).finish(status);
    };
    if (uv_write(request, stream(), &buffer, 1, done) == 0) return;
    delete request;
    if (last) finish(0);
  }
  void write_eof() override {
    auto* request = new uv_shutdown_t;
    const auto done = [](uv_shutdown_t* made, int) { delete made; };
    if (closing_ || uv_shutdown(request, stream(), done) != 0) delete request;
  }
  void close() override {
    if (closing_) return;
    closing_ = true;
    uv_read_stop(stream());
    send("", true);  // behind all that was written
  }
  void abort() override { finish(0); }
  void pause_reading() override { uv_read_stop(stream()); }
  void resume_reading() override {
    if (closing_ || has_ended()) return;
    const auto give = [](uv_handle_t*, std::size_t, uv_buf_t* buffer) {
      static char space[65536];
      *buffer = uv_buf_init(space, sizeof(space));
    };
    uv_read_start(stream(), give, [](uv_stream_t* from, ssize_t count, const uv_buf_t* buffer) {
      self(from).read(count, buffer->base);
    });
  }
  bool is_closing() override { return closing_; }
  void read(ssize_t count, const char* octets) {
    if (count > 0) return data({octets, static_cast<std::size_t>(count)});
    if (count == 0) return;  // nothing to read after all
    if (count != UV_EOF) return finish(static_cast<int>(count));
    uv_read_stop(stream());
    if (!ended()) close();
  }
  void finish(int error) {
    auto* handle = reinterpret_cast<uv_handle_t*>(&handle_);
    if (uv_is_closing(handle) != 0) return;
    closing_ = true;
    error_ = error;
    uv_close(handle, [](uv_handle_t* closed) {
      const int why = self(closed).error_;
      self(closed).lost(why == 0 ? "none" : why == UV_EPIPE ? "broken-pipe" : "reset");
    });
  }
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle_); }
  static UvConnection& self(auto* handle) { return *static_cast<UvConnection*>(handle->data); }

  uv_tcp_t handle_{};
  int error_ = 0;
  bool closing_ = false;
};

class UvServer final : public Server {
 public:
  UvServer() : Server("libuv", uv_version_string(), offers) {}

 private:
  struct Listener : uv_tcp_t {
    UvServer* server;
    std::string id;
  };
  struct Timer : uv_timer_t {
    std::function<void()> fn;
  };

  int listen(const std::string& id) override {
    auto& listener = listeners_[id] = std::make_unique<Listener>(Listener{{}, this, id});
    sockaddr_in where{};
    int size = sizeof(where);
    uv_ip4_addr("127.0.0.1", 0, &where);
    uv_tcp_init(uv_default_loop(), listener.get());
    uv_tcp_bind(listener.get(), reinterpret_cast<sockaddr*>(&where), 0);
    uv_listen(reinterpret_cast<uv_stream_t*>(listener.get()), 100, [](uv_stream_t* from, int status) {
      const auto* to = static_cast<Listener*>(reinterpret_cast<uv_tcp_t*>(from));
      if (status == 0) to->server->serve(to->id, std::make_unique<UvConnection>(from));
    });
    uv_tcp_getsockname(listener.get(), reinterpret_cast<sockaddr*>(&where), &size);
    return ntohs(where.sin_port);
  }
  void stop(const std::string& id) override {
    auto* handle = reinterpret_cast<uv_handle_t*>(listeners_.at(id).get());
    if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
  }
  void later(unsigned ms, std::function<void()> fn) override {
    auto* timer = new Timer{{}, std::move(fn)};
    timer->data = timer;
    uv_timer_init(uv_default_loop(), timer);
    const auto run = [](uv_timer_t* due) {
      static_cast<Timer*>(due->data)->fn();
      const auto free = [](uv_handle_t* closed) { delete static_cast<Timer*>(closed->data); };
      uv_close(reinterpret_cast<uv_handle_t*>(due), free);
    };
    uv_timer_start(timer, run, ms, 0);
  }
  std::map<std::string, std::unique_ptr<Listener>> listeners_;
};

}  // namespace

int main() {
  UvServer server;
  uv_poll_t input{};
  input.data = &server;
  uv_poll_init(uv_default_loop(), &input, 0);
  uv_poll_start(&input, UV_READABLE,
                [](uv_poll_t* from, int, int) { static_cast<UvServer*>(from->data)->answer_waiting(); });
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
