// asio_style under the kit: each connection is a protocol object that runs the script.

#include <exception>
#include <future>
#include <thread>
#include <utility>

#include "antiphon/asio_style.hpp"
#include "scripted_connection.hpp"
#include "target.hpp"

namespace antiphon::conformance {

namespace {

namespace as = asio_style;

std::string cause_of(const std::exception_ptr& exc) {
  if (!exc) return "none";
  try {
    std::rethrow_exception(exc);
  } catch (const as::ConnectionResetError&) {
    return "reset";
  } catch (const as::BrokenPipeError&) {
    return "broken-pipe";
  } catch (const as::TimeoutError&) {
    return "timeout";
  } catch (...) {
    return "error";
  }
}

class AsioStyleTarget;

class ScriptProtocol final : public as::Protocol,
                             public ScriptedConnection,
                             public std::enable_shared_from_this<ScriptProtocol> {
 public:
  ScriptProtocol(AsioStyleTarget& target, std::shared_ptr<const Script> script, EventLog& log, int number)
      : ScriptedConnection(std::move(script), log, number), target_(target) {}

  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
    on_made();
  }
  void data_received(std::span<const std::byte> data) override { on_data(data); }
  bool eof_received() override { return on_eof(); }
  void connection_lost(std::exception_ptr exc) override { on_lost(cause_of(exc), as::describe(exc)); }
  void pause_writing() override { on_pause(); }
  void resume_writing() override { on_resume(); }

 private:
  void write(std::string_view octets) override { transport_->write(octets); }
  void writelines(const std::vector<std::string>& parts) override {
    const std::vector<std::string_view> views(parts.begin(), parts.end());
    transport_->writelines(views);
  }
  void write_eof() override { transport_->write_eof(); }
  void close() override { transport_->close(); }
  void abort() override { transport_->abort(); }
  void pause_reading() override { transport_->pause_reading(); }
  void resume_reading() override { transport_->resume_reading(); }
  void set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) override {
    transport_->set_write_buffer_limits(high, low);
  }
  bool is_closing() override { return transport_->is_closing(); }
  bool is_reading() override { return transport_->is_reading(); }
  std::size_t buffer_size() override { return transport_->get_write_buffer_size(); }
  std::pair<std::size_t, std::size_t> limits() override { return transport_->get_write_buffer_limits(); }
  void set_protocol() override;
  void stop_listener() override;
  void later(std::chrono::milliseconds time, std::function<void()> fn) override;
  void soon(std::function<void()> fn) override;
  std::string kind_of(const std::exception& error) override {
    if (dynamic_cast<const as::TypeError*>(&error) != nullptr) return "type-error";
    if (dynamic_cast<const std::invalid_argument*>(&error) != nullptr) return "value-error";
    if (dynamic_cast<const std::system_error*>(&error) != nullptr) return "os-error";
    return "runtime-error";
  }

  AsioStyleTarget& target_;
  std::shared_ptr<as::Transport> transport_;
};

/// The protocol that set_protocol hands the connection to: it tells the same connection, marked as the
/// second.
class SecondProtocol final : public as::Protocol {
 public:
  explicit SecondProtocol(std::shared_ptr<ScriptProtocol> first) : first_(std::move(first)) {
    first_->second_protocol();
  }
  void data_received(std::span<const std::byte> data) override { first_->data_received(data); }
  bool eof_received() override { return first_->eof_received(); }
  void connection_lost(std::exception_ptr exc) override { first_->connection_lost(std::move(exc)); }
  void pause_writing() override { first_->pause_writing(); }
  void resume_writing() override { first_->resume_writing(); }

 private:
  std::shared_ptr<ScriptProtocol> first_;
};

class AsioStyleTarget final : public Target {
 public:
  explicit AsioStyleTarget(EventLog& log) : log_(log) {
    loop_.set_exception_handler([this](as::EventLoop&, const as::ExceptionContext& context) {
      log_.add({"EX", -1, -1, {{"where", context.message}, {"message", as::describe(context.exception)}}});
    });
    loop_.set_logger([](as::LogLevel, std::string_view) {});
    thread_ = std::thread([this] { loop_.run_forever(); });
  }
  ~AsioStyleTarget() override { end(); }
  AsioStyleTarget(const AsioStyleTarget&) = delete;
  AsioStyleTarget& operator=(const AsioStyleTarget&) = delete;

  bool end() override {
    if (!thread_.joinable()) return true;
    in_loop([this] {
      if (server_) server_->close();
      loop_.stop();
    });
    thread_.join();
    server_.reset();
    connections_.clear();
    loop_.close();
    return true;
  }

  Hello hello() override {
    auto offers = common_offers();
    offers.insert(offers.end(), {"unix", "tls", "set_protocol"});
    return {"asio_style", ANTIPHON_VERSION, "protocol", offers};
  }

  Endpoint listen(const Script& script, const Where& where) override {
    Started started;
    run([&](std::promise<void>& done) {
      connections_.clear();
      loop_.create_task(start(std::make_shared<const Script>(script), where, started, done));
    });
    try {
      if (started.failed) std::rethrow_exception(started.failed);
    } catch (const std::system_error& error) {
      throw ListenError(error.code() == std::errc::address_in_use ? "address-in-use" : "os-error",
                        error.what());
    }
    return {where.transport, started.port, where.path};
  }
  void act(int connection, const Actions& actions) override {
    in_loop([&] { connections_.at(static_cast<std::size_t>(connection))->run(actions); });
  }
  void stop() override {
    in_loop([this] { stop_listener(); });
  }
  int drain() override {
    for (int i = 0; i < 3; ++i) in_loop([] {});  // each its own iteration, behind what was due
    int open = 0;
    in_loop([&] {
      for (const auto& connection : connections_) open += connection->lost() ? 0 : 1;
    });
    return open;
  }

  void stop_listener() const {
    if (server_) server_->close();
  }
  [[nodiscard]] as::EventLoop& loop() noexcept { return loop_; }

 private:
  struct Started {
    std::uint16_t port = 0;
    std::exception_ptr failed;
  };
  /// What failed is handed over once the loop has let go of it.
  as::Task<void> start(std::shared_ptr<const Script> script, Where where, Started& started,
                       std::promise<void>& done) {
    try {
      started.port = co_await serve(std::move(script), std::move(where));
    } catch (...) {
      started.failed = std::current_exception();
    }
    done.set_value();
  }
  as::Task<std::uint16_t> serve(std::shared_ptr<const Script> script, Where where) {
    const as::ProtocolFactory factory = [this, script] {
      connections_.push_back(
          std::make_shared<ScriptProtocol>(*this, script, log_, static_cast<int>(connections_.size())));
      return connections_.back();
    };
    if (where.transport == "unix") {
      server_ = co_await loop_.create_unix_server(factory, where.path);
      co_return 0;
    }
    as::CreateServerOptions options;
    if (where.transport == "tls") {
      options.ssl.emplace(as::SSLMethod::PROTOCOL_TLS_SERVER);
      options.ssl->load_cert_chain(where.cert, where.key);
    }
    server_ = co_await loop_.create_server(factory, "127.0.0.1", 0, options);
    co_return server_->sockets().front().getsockname().port;
  }

  /// Calls `fn` in the loop and waits until somebody there says that it is done.
  template <typename Fn>
  void run(Fn fn) {
    std::promise<void> done;
    loop_.call_soon_threadsafe([&] { fn(done); });
    const auto future = done.get_future();
    if (future.wait_for(hang_limit) != std::future_status::ready)
      throw HarnessError("asio_style's loop hangs");
  }
  template <typename Fn>
  void in_loop(Fn fn) {
    std::exception_ptr failed;
    run([&](std::promise<void>& done) {
      try {
        fn();
      } catch (...) {
        failed = std::current_exception();
      }
      done.set_value();
    });
    if (failed) std::rethrow_exception(failed);
  }

  EventLog& log_;
  as::EventLoop loop_;
  std::shared_ptr<as::Server> server_;
  std::vector<std::shared_ptr<ScriptProtocol>> connections_;
  std::thread thread_;
};

void ScriptProtocol::set_protocol() {
  transport_->set_protocol(std::make_shared<SecondProtocol>(shared_from_this()));
}
void ScriptProtocol::stop_listener() {
  target_.stop_listener();
}
void ScriptProtocol::later(std::chrono::milliseconds time, std::function<void()> fn) {
  target_.loop().call_later(time, std::move(fn));
}
void ScriptProtocol::soon(std::function<void()> fn) {
  target_.loop().call_soon(std::move(fn));
}

}  // namespace

std::unique_ptr<Target> make_asio_style_target(EventLog& log) {
  return std::make_unique<AsioStyleTarget>(log);
}

}  // namespace antiphon::conformance
