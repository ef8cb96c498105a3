#include "protocols.hpp"

#include <vector>

#include "actions.hpp"
#include "session.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

/// Where the buffered size stands to the marks, in the trace's words.
Json flow(const asio_style::Transport& transport) {
  const std::size_t size = transport.get_write_buffer_size();
  const auto [low, high] = transport.get_write_buffer_limits();
  const char* relation = size > high    ? ">high"
                         : size == 0    ? "0"
                         : size == high ? "==high"
                         : size <= low  ? "<=low"
                                        : "between";
  return {{"rel", relation}, {"~size", size}, {"~limits", {low, high}}};
}

/// As Python's bool() has it.
bool is_true(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  return !value.empty();  // null is empty
}

/// Every callback is an event; what it does is the scenario's.
template <class Base>
class Recorder : public Base {
 public:
  Recorder(Session& session, std::string name, ConnectionPtr connection)
      : session_(session), name_(std::move(name)), connection_(std::move(connection)) {}

  [[nodiscard]] const std::string& name() const { return name_; }

  void connection_made(std::shared_ptr<asio_style::Transport> transport) override {
    connection_ = std::make_shared<Connection>();
    connection_->number = static_cast<int>(session_.connections.size());
    connection_->transport = std::move(transport);
    session_.connections.push_back(connection_);
    tell("CM");
  }
  void connection_lost(std::exception_ptr exc) override { tell("CL", {{"exc", exception_json(exc)}}); }
  void pause_writing() override { tell("PW", flow(*connection_->transport)); }
  void resume_writing() override { tell("RW", flow(*connection_->transport)); }
  bool eof_received() override { return is_true(tell("ER").value_or(false)); }

 protected:
  std::optional<Json> tell(const char* event, const Json& details = Json::object()) {
    return asyncio_replay::tell(session_, connection_, name_, event, details);
  }
  [[nodiscard]] const Scenario& scenario() const { return session_.scenario; }

 private:
  Session& session_;
  std::string name_;
  ConnectionPtr connection_;
};

class Streaming final : public Recorder<asio_style::Protocol> {
 public:
  using Recorder::Recorder;
  void data_received(std::span<const std::byte> data) override { tell("DR", {{"n", data.size()}}); }
};

class Buffered final : public Recorder<asio_style::BufferedProtocol> {
 public:
  using Recorder::Recorder;
  std::span<std::byte> get_buffer(std::ptrdiff_t sizehint) override {
    const auto returned = tell("GB", {{"hint", sizehint == -1 ? "-1" : ">0"}, {"~hint", sizehint}});
    const bool sized = returned && returned->is_number();
    buffer_.resize(sized ? returned->get<std::size_t>() : scenario().buffer_size);
    return buffer_;
  }
  void buffer_updated(std::size_t nbytes) override { tell("BU", {{"n", nbytes}}); }

 private:
  std::vector<std::byte> buffer_;
};

}  // namespace

bool is_buffered_name(const std::string& name) {
  return name.ends_with("buf");
}

Json name_of(const std::shared_ptr<asio_style::BaseProtocol>& protocol) {
  if (!protocol) return nullptr;
  if (const auto* streaming = dynamic_cast<const Streaming*>(protocol.get())) return streaming->name();
  if (const auto* buffered = dynamic_cast<const Buffered*>(protocol.get())) return buffered->name();
  throw HarnessError("a protocol that the recorder did not make");
}

std::shared_ptr<asio_style::BaseProtocol> Session::make_protocol(const std::string& name,
                                                                 ConnectionPtr connection) {
  if (is_buffered_name(name)) return std::make_shared<Buffered>(*this, name, std::move(connection));
  return std::make_shared<Streaming>(*this, name, std::move(connection));
}

asio_style::ProtocolFactory Session::factory(const std::string& name) {
  return [this, name] {
    tell(*this, nullptr, name == scenario.protocol ? "A" : name, "factory");
    return make_protocol(name);
  };
}

}  // namespace antiphon::asyncio_replay
