// cl_async_style under the kit: functions registered once; each socket's data holds what the script does with
// it.

#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "antiphon/cl_async_style.hpp"
#include "scripted_connection.hpp"
#include "target.hpp"

namespace antiphon::conformance {

namespace {

namespace as = cl_async_style;

std::string cause_of(const as::event_error* cause) {
  if (cause == nullptr) return "none";
  if (as::condition_cast<as::socket_reset>(*cause)) return "reset";
  if (as::condition_cast<as::streamish_broken_pipe>(*cause)) return "broken-pipe";
  if (as::condition_cast<as::socket_timeout>(*cause)) return "timeout";
  return "error";
}

class ScriptSocket final : public ScriptedConnection {
 public:
  ScriptSocket(as::socket& socket, std::function<void()> stop, std::shared_ptr<const Script> script,
               EventLog& log, int number)
      : ScriptedConnection(std::move(script), log, number), socket_(socket.ref()), stop_(std::move(stop)) {}

  /// The other way round than asyncio: the socket stays open unless the script closes it (allow_half_open).
  void eof() {
    if (!on_eof()) as::close_socket(*socket_);
  }
  void forget() { socket_data(*socket_).reset(); }

 private:
  void write(std::string_view octets) override { as::write_socket_data(*socket_, octets); }
  void writelines(const std::vector<std::string>& parts) override {
    for (const std::string& part : parts) as::write_socket_data(*socket_, part);  // gathered in the tick
  }
  void write_eof() override { as::shutdown_socket(*socket_); }
  void close() override { as::close_socket(*socket_); }
  void abort() override { as::abort_socket(*socket_); }
  void pause_reading() override { as::disable_socket(*socket_); }
  void resume_reading() override { as::enable_socket(*socket_); }
  void set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) override {
    as::set_write_buffer_limits(*socket_, high, low);
  }
  bool is_closing() override { return as::socket_closed_p(*socket_); }
  bool is_reading() override { return as::socket_enabled_p(*socket_); }
  std::size_t buffer_size() override { return as::write_buffer_size(*socket_); }
  std::pair<std::size_t, std::size_t> limits() override {
    const as::write_buffer_limits marks = as::get_write_buffer_limits(*socket_);
    return {marks.low, marks.high};
  }
  void set_protocol() override { throw std::logic_error("sockets have no protocol"); }
  void stop_listener() override { stop_(); }
  void later(std::chrono::milliseconds time, std::function<void()> fn) override {
    as::delay(std::move(fn), {.time = time});
  }
  void soon(std::function<void()> fn) override { as::delay(std::move(fn)); }
  std::string kind_of(const std::exception& error) override {
    if (dynamic_cast<const std::invalid_argument*>(&error) != nullptr) return "value-error";
    if (dynamic_cast<const as::event_error*>(&error) != nullptr) return "os-error";
    return "runtime-error";
  }

  std::shared_ptr<as::socket> socket_;
  std::function<void()> stop_;
};

ScriptSocket* of(as::socket& socket) {
  const auto* held = std::any_cast<std::shared_ptr<ScriptSocket>>(&as::socket_data(socket));
  return held == nullptr ? nullptr : held->get();
}

class ClAsyncStyleTarget final : public Target {
 public:
  explicit ClAsyncStyleTarget(EventLog& log) : log_(log) {
    std::promise<void> started;
    thread_ = std::thread([&] {
      as::start_event_loop(
          [&] {
            bell_ = as::make_notifier([this] { run_posted(); }, {.single_shot = false});
            started.set_value();
          },
          {.catch_app_errors =
               [this](const std::exception& error) {
                 log_.add({"EX", -1, -1, {{"where", "callback"}, {"message", error.what()}}});
               },
           .send_errors_to_eventcb = false});
    });
    started.get_future().wait();
  }
  ~ClAsyncStyleTarget() override { end(); }
  ClAsyncStyleTarget(const ClAsyncStyleTarget&) = delete;
  ClAsyncStyleTarget& operator=(const ClAsyncStyleTarget&) = delete;

  bool end() override {
    if (!thread_.joinable()) return true;
    in_loop([] { as::exit_event_loop(); });
    thread_.join();
    for (const auto& connection : connections_) connection->forget();
    connections_.clear();
    return true;
  }

  Hello hello() override {
    auto offers = common_offers();
    offers.insert(offers.end(), {"unix", "tls"});
    return {"cl_async_style", ANTIPHON_VERSION, "callback", offers};
  }

  Endpoint listen(const Script& script, const Where& where) override {
    std::uint16_t port = 0;
    in_loop([&] {
      for (const auto& connection : connections_) connection->forget();
      connections_.clear();
      auto shared = std::make_shared<const Script>(script);
      const as::read_callback read_cb = [](as::socket& socket, std::span<const std::byte> octets) {
        told(socket, &ScriptSocket::on_data, octets);
      };
      as::server_options options{
          .event_cb = event,
          .connect_cb =
              [this, shared](as::socket& socket) {
                auto connection = std::make_shared<ScriptSocket>(
                    socket, [this] { stop_listener(); }, shared, log_, static_cast<int>(connections_.size()));
                connections_.push_back(connection);
                as::socket_data(socket) = connection;
                connection->on_made();
              },
          .close_cb =
              [](as::socket& socket, const as::event_error* cause) {
                told(socket, &ScriptSocket::on_lost, cause_of(cause), cause != nullptr ? cause->what() : "");
              },
          .pause_write_cb = [](as::socket& socket) { told(socket, &ScriptSocket::on_pause); },
          .resume_write_cb = [](as::socket& socket) { told(socket, &ScriptSocket::on_resume); },
          .allow_half_open = script.keeps_open()};
      try {
        if (where.transport == "unix")
          server_ = as::pipe_server(where.path, read_cb, std::move(options));
        else if (where.transport == "tls")
          server_ = as::tcp_ssl_server("127.0.0.1", 0, read_cb, std::move(options),
                                       {.certificate = where.cert, .key = where.key});
        else
          server_ = as::tcp_server("127.0.0.1", 0, read_cb, std::move(options));
      } catch (const as::socket_address_in_use& error) {
        throw ListenError("address-in-use", error.what());
      }
      if (where.transport != "unix") port = as::server_port(*server_);
    });
    return {where.transport, port, where.path};
  }
  void act(int connection, const Actions& actions) override {
    in_loop([&] { connections_.at(static_cast<std::size_t>(connection))->run(actions); });
  }
  void stop() override {
    in_loop([this] { stop_listener(); });
  }
  int drain() override {
    // Each its own iteration: that of an accept, of octets, of the end, of what the end has left to send.
    for (int i = 0; i < 4; ++i) in_loop([] {});
    int open = 0;
    in_loop([&] {
      for (const auto& connection : connections_) open += connection->lost() ? 0 : 1;
    });
    return open;
  }

 private:
  static void event(const std::exception& event) {
    const auto socket = as::event_socket(event);
    if (!socket || of(*socket) == nullptr) return;
    if (as::condition_cast<as::socket_eof>(event)) of(*socket)->eof();
    // What becomes the cause of close_cb is told there.
    else if (as::condition_cast<as::streamish_canceled>(event))
      of(*socket)->on_other("streamish-canceled", event.what());
  }
  /// Sockets of an earlier scenario have nobody to tell any more.
  template <typename Told, typename... Args>
  static void told(as::socket& socket, Told what, Args&&... args) {
    if (ScriptSocket* connection = of(socket); connection != nullptr)
      (connection->*what)(std::forward<Args>(args)...);
  }
  void stop_listener() const {
    if (server_) as::close_tcp_server(*server_);
  }

  template <typename Fn>
  void in_loop(Fn fn) {
    std::promise<void> done;
    std::exception_ptr failed;
    {
      const std::scoped_lock lock(mutex_);
      posted_.emplace_back([&] {
        try {
          fn();
        } catch (...) {
          failed = std::current_exception();
        }
        done.set_value();  // once the loop has let go of the exception
      });
      as::trigger_notifier(*bell_);  // under the lock: what it starts may be the end of the bell
    }
    const auto future = done.get_future();
    if (future.wait_for(hang_limit) != std::future_status::ready)
      throw HarnessError("cl_async_style's loop hangs");
    if (failed) std::rethrow_exception(failed);
  }
  /// What is there by now. What comes meanwhile rings again, for the next iteration: drain counts on it.
  void run_posted() {
    std::deque<std::function<void()>> due;
    {
      const std::scoped_lock lock(mutex_);
      due.swap(posted_);
    }
    for (const auto& fn : due) fn();
  }

  EventLog& log_;
  std::shared_ptr<as::notifier> bell_;
  std::shared_ptr<as::socket_server> server_;
  std::vector<std::shared_ptr<ScriptSocket>> connections_;
  std::mutex mutex_;
  std::deque<std::function<void()>> posted_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Target> make_cl_async_style_target(EventLog& log) {
  return std::make_unique<ClAsyncStyleTarget>(log);
}

}  // namespace antiphon::conformance
