// The reference under the kit: a server on bare poll() that shares no code with the styles.

#include <signal.h>

#include <cerrno>
#include <exception>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "reference/server.hpp"
#include "scripted_connection.hpp"
#include "target.hpp"

namespace antiphon::conformance {

namespace {

namespace ref = reference;
using ref::Fault;

std::string name_of(ref::Cause cause) {
  switch (cause) {
    case ref::Cause::none:
      return "none";
    case ref::Cause::reset:
      return "reset";
    case ref::Cause::broken_pipe:
      return "broken-pipe";
    case ref::Cause::timeout:
      return "timeout";
    case ref::Cause::error:
      return "error";
  }
  return "?";
}

class ReferenceTarget;

class ReferenceConnection final : public ref::Protocol, public ScriptedConnection {
 public:
  ReferenceConnection(ReferenceTarget& target, std::shared_ptr<ref::Transport> transport,
                      std::shared_ptr<const Script> script, EventLog& log, int number)
      : ScriptedConnection(std::move(script), log, number),
        target_(target),
        transport_(std::move(transport)) {}
  ~ReferenceConnection() override { transport_->detach(); }
  ReferenceConnection(const ReferenceConnection&) = delete;
  ReferenceConnection& operator=(const ReferenceConnection&) = delete;

  void connection_made() override { on_made(); }
  void data_received(std::string_view octets) override {
    on_data(std::as_bytes(std::span(octets.data(), octets.size())));
  }
  bool eof_received() override { return on_eof(); }
  void pause_writing() override { on_pause(); }
  void resume_writing() override { on_resume(); }
  void connection_lost(ref::Cause cause, const std::string& message) override {
    on_lost(name_of(cause), message);
  }
  ref::Transport& transport() noexcept { return *transport_; }

 private:
  void write(std::string_view octets) override { transport_->write(octets); }
  void writelines(const std::vector<std::string>& parts) override;
  void write_eof() override { transport_->write_eof(); }
  void close() override { transport_->close(); }
  void abort() override { transport_->abort(); }
  void pause_reading() override { transport_->pause_reading(); }
  void resume_reading() override { transport_->resume_reading(); }
  void set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) override {
    transport_->set_limits(high, low);
  }
  bool is_closing() override { return transport_->is_closing(); }
  bool is_reading() override { return transport_->is_reading(); }
  std::size_t buffer_size() override { return transport_->buffer_size(); }
  std::pair<std::size_t, std::size_t> limits() override { return transport_->limits(); }
  void set_protocol() override;
  void stop_listener() override;
  std::function<void()> guarded(std::function<void()> fn);
  void later(std::chrono::milliseconds time, std::function<void()> fn) override;
  void soon(std::function<void()> fn) override;
  std::string kind_of(const std::exception& error) override {
    return dynamic_cast<const std::invalid_argument*>(&error) != nullptr ? "value-error" : "runtime-error";
  }

  ReferenceTarget& target_;
  std::shared_ptr<ref::Transport> transport_;
  std::unique_ptr<ref::Protocol> second_;
};

/// Tells the same connection, marked as the second protocol.
class SecondProtocol final : public ref::Protocol {
 public:
  explicit SecondProtocol(ReferenceConnection& first) : first_(first) { first.second_protocol(); }
  void connection_made() override { first_.connection_made(); }
  void data_received(std::string_view octets) override { first_.data_received(octets); }
  bool eof_received() override { return first_.eof_received(); }
  void pause_writing() override { first_.pause_writing(); }
  void resume_writing() override { first_.resume_writing(); }
  void connection_lost(ref::Cause cause, const std::string& message) override {
    first_.connection_lost(cause, message);
  }

 private:
  ReferenceConnection& first_;
};

class ReferenceTarget final : public Target {
 public:
  ReferenceTarget(EventLog& log, ref::Fault fault) : log_(log), faults_{fault} {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    loop_.on_error = [this](const char* where, const std::string& message) {
      log_.add({"EX", -1, -1, {{"where", where}, {"message", message}}});
    };
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~ReferenceTarget() override { end(); }
  ReferenceTarget(const ReferenceTarget&) = delete;
  ReferenceTarget& operator=(const ReferenceTarget&) = delete;

  Hello hello() override {
    auto offers = common_offers();
    offers.insert(offers.end(), {"unix", "tls", "set_protocol"});
    return {"reference", ANTIPHON_VERSION, "protocol", offers};
  }

  Endpoint listen(const Script& script, const Where& where) override {
    Endpoint endpoint{where.transport, 0, where.path};
    in_loop([&] {
      for (const auto& transport : context_.all) transport->abort();
      context_.all.clear();
      connections_.clear();
      context_.unix_socket = where.transport == "unix";
      auto shared = std::make_shared<const Script>(script);
      server_ = std::make_shared<ref::Server>(
          context_, [this, shared](std::shared_ptr<ref::Transport> transport) -> ref::Protocol& {
            connections_.push_back(std::make_unique<ReferenceConnection>(
                *this, std::move(transport), shared, log_, static_cast<int>(connections_.size())));
            return *connections_.back();
          });
      if (where.transport == "tls") server_->use_tls(ref::make_server_context(where.cert, where.key));
      try {
        if (where.transport == "unix")
          server_->listen_unix(where.path, backlog);
        else
          endpoint.port = server_->listen_tcp(backlog);
      } catch (const std::system_error& error) {
        throw ListenError(error.code().value() == EADDRINUSE ? "address-in-use" : "os-error", error.what());
      }
    });
    return endpoint;
  }
  void act(int connection, const Actions& actions) override {
    in_loop([&] { connections_.at(static_cast<std::size_t>(connection))->run(actions); });
  }
  void stop() override {
    in_loop([this] {
      try {
        server_->close();
      } catch (const std::exception&) {
        return;  // the script closed it before, which one mutant minds
      }
    });
  }
  int drain() override {
    for (int i = 0; i < 3; ++i) in_loop([] {});  // each its own turn, behind what was due
    int open = 0;
    in_loop([&] {
      for (const auto& connection : connections_) open += connection->lost() ? 0 : 1;
    });
    return open;
  }
  bool end() override {
    if (!thread_.joinable()) return true;
    if (faults_.on(Fault::stop_tells_data))
      in_loop([this] {
        for (const auto& connection : connections_) connection->transport().tell_garbage();
      });
    bool ended = true;
    if (faults_.on(Fault::stop_waits_for_peers)) {  // for those who never read, it would wait for ever
      in_loop([&] {
        for (const auto& connection : connections_) ended = ended && connection->lost();
      });
    }
    loop_.stop();
    thread_.join();
    for (const auto& connection : connections_) connection->transport().detach();
    context_.all.clear();
    connections_.clear();
    server_.reset();
    loop_.clear();
    return ended;
  }

  [[nodiscard]] ref::Loop& loop() noexcept { return loop_; }
  [[nodiscard]] bool fault(Fault which) const { return faults_.on(which); }
  void stop_listener() const { server_->close(); }

 private:
  static constexpr int backlog = 100;

  template <typename Fn>
  void in_loop(Fn fn) {
    std::promise<void> done;
    std::exception_ptr failed;
    loop_.call_soon_threadsafe([&] {
      try {
        fn();
      } catch (...) {
        failed = std::current_exception();
      }
      done.set_value();  // once the loop has let go of the exception
    });
    const auto future = done.get_future();
    if (future.wait_for(hang_limit) != std::future_status::ready)
      throw HarnessError("the reference's loop hangs");
    if (failed) std::rethrow_exception(failed);
  }

  EventLog& log_;
  ref::Faults faults_;
  ref::Loop loop_{faults_};
  ref::Context context_{loop_, faults_, {}, false};
  std::shared_ptr<ref::Server> server_;
  std::vector<std::unique_ptr<ReferenceConnection>> connections_;
  std::thread thread_;
};

void ReferenceConnection::writelines(const std::vector<std::string>& parts) {
  std::string whole;
  for (const std::string& part : parts) whole += part;
  if (target_.fault(Fault::loses_part)) whole.resize(whole.size() - parts.back().size());
  transport_->write(whole);
}
void ReferenceConnection::set_protocol() {
  second_ = std::make_unique<SecondProtocol>(*this);
  transport_->set_protocol(*second_);
}
void ReferenceConnection::stop_listener() {
  target_.stop_listener();
}
/// What the application put off runs guarded, whatever has become of the connection by then.
std::function<void()> ReferenceConnection::guarded(std::function<void()> fn) {
  return [&target = target_, fn = std::move(fn)] {
    if (!target.fault(Fault::soon_error_swallowed)) return target.loop().guarded("callback", fn);
    try {
      fn();
    } catch (const std::exception&) {
      return;  // as the mutant does
    }
  };
}
void ReferenceConnection::later(std::chrono::milliseconds time, std::function<void()> fn) {
  if (time.count() == 0 && target_.fault(Fault::zero_timer_is_soon)) return soon(std::move(fn));
  target_.loop().call_later(time, guarded(std::move(fn)));
}
void ReferenceConnection::soon(std::function<void()> fn) {
  target_.loop().put_off(guarded(std::move(fn)));
}

}  // namespace

std::unique_ptr<Target> make_reference_target(EventLog& log, const std::string& mutant) {
  if (mutant.empty()) return std::make_unique<ReferenceTarget>(log, Fault::none);
  const ref::Mutant* found = ref::find_mutant(mutant);
  if (found == nullptr) throw HarnessError("the reference has no mutant '" + mutant + "'");
  return std::make_unique<ReferenceTarget>(log, found->fault);
}

}  // namespace antiphon::conformance
