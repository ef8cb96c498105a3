#include "peer.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "peer_socket.hpp"
#include "peer_tls.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

using std::chrono::milliseconds;

/// How long a read or a wait of a peer may take if the scenario does not say.
constexpr int default_limit_ms = 5000;

class Peer {
 public:
  Peer(EventLog& log, Timekeeper& time, int number, const std::optional<asio_style::SocketAddress>& server)
      : log_(log), time_(time), number_(number), server_(server), socket_(time) {}

  void run(const Json& step) {
    const std::string word = step.front();
    Json record{{"step", word}};
    if (step.size() > 1) record["args"] = Json(step.begin() + 1, step.end());
    if (number_ != 0) record["peer"] = number_;
    try {
      (this->*steps().at(word))(step, record);
    } catch (const HarnessError&) {
      throw;
    } catch (...) {
      record["raised"] = exception_json(std::current_exception());
    }
    if (word != "sleep_ms") log_.add_peer(std::move(record));
    if (word == "mark") log_.reach("peer:" + step[1].get<std::string>());
  }

 private:
  using Step = void (Peer::*)(const Json& step, Json& record);

  static const std::map<std::string, Step>& steps() {
    static const std::map<std::string, Step> table{{"socket", &Peer::make_socket},
                                                   {"connect", &Peer::connect},
                                                   {"send", &Peer::send},
                                                   {"send_raw", &Peer::send_raw},
                                                   {"tls", &Peer::tls},
                                                   {"tls_hello_only", &Peer::tls_hello_only},
                                                   {"close_notify", &Peer::close_notify},
                                                   {"read", &Peer::read},
                                                   {"read_until_eof", &Peer::read_until_eof},
                                                   {"shutdown_write", &Peer::shutdown_write},
                                                   {"close", &Peer::close},
                                                   {"rst", &Peer::reset},
                                                   {"sleep_ms", &Peer::sleep},
                                                   {"wait", &Peer::wait},
                                                   {"mark", &Peer::mark}};
    return table;
  }

  [[nodiscard]] const asio_style::SocketAddress& server() const {
    if (!server_) throw HarnessError("a peer has no server to connect to");
    return *server_;
  }

  void make_socket(const Json& /*step*/, Json& /*record*/) { socket_.open(server()); }

  void connect(const Json& step, Json& /*record*/) {
    socket_.connect(server(), step.size() > 1 ? step[1].value("rcvbuf", 0) : 0);
  }

  void send(const Json& step, Json& /*record*/) { send_data(std::string(step[1].get<std::size_t>(), 'x')); }
  void send_raw(const Json& step, Json& /*record*/) {
    socket_.send(std::string(step[1].get<std::size_t>(), '\x99'));
  }
  void send_data(const std::string& data) { tls_ ? tls_->send(data) : socket_.send(data); }

  void tls(const Json& step, Json& record) {
    const Json options = step.size() > 1 ? step[1] : Json::object();
    std::optional<std::string> name;
    if (options.value("verify", false)) name = options.value("name", "localhost");
    auto engine = std::make_unique<PeerTls>(socket_);
    const Json early = options.value("early", Json(0));
    engine->handshake(
        name, early.is_boolean() ? std::size_t{early.get<bool>() ? 10U : 0U} : early.get<std::size_t>());
    tls_ = std::move(engine);
    record["tls"] = "ok";
  }
  void tls_hello_only(const Json& /*step*/, Json& /*record*/) { PeerTls(socket_).hello_only(); }
  void close_notify(const Json& /*step*/, Json& /*record*/) {
    if (!tls_) throw HarnessError("close_notify without tls");
    tls_->close_notify();
  }

  Received receive(std::span<char> into, Timekeeper::Ticket deadline) {
    return tls_ ? tls_->receive(into, deadline) : socket_.receive(into, deadline);
  }

  /// Reads up to `wanted` octets or to an end.
  Received read_some(std::size_t wanted, int limit_ms) {
    std::vector<char> buffer(std::min<std::size_t>(wanted, 262144));
    Received total;
    const Timekeeper::Ticket deadline = time_.enter(milliseconds(limit_ms));
    while (total.bytes < wanted && total.end == nullptr) {
      const Received got =
          receive(std::span(buffer).first(std::min(buffer.size(), wanted - total.bytes)), deadline);
      total.bytes += got.bytes;
      total.end = got.end;
    }
    time_.leave(deadline);
    return total;
  }

  void read(const Json& step, Json& record) {
    const Received got = read_some(step[1], step.size() > 2 ? step[2].get<int>() : default_limit_ms);
    if (got.end != nullptr && std::string_view(got.end) == "timeout") {
      record["raised"] = {{"type", "TimeoutError"}, {"message", "timed out"}};
      return;
    }
    if (got.end != nullptr && std::string_view(got.end) == "reset") asio_style::throw_os_error(ECONNRESET);
    record["bytes"] = got.bytes;
  }

  void read_until_eof(const Json& step, Json& record) {
    const std::string kind = step.size() > 1 ? step[1].get<std::string>() : "exact";
    if (kind != "exact" && kind != "volatile")
      throw HarnessError("read_until_eof is exact or volatile, not " + kind);
    const Received got = read_some(std::numeric_limits<std::size_t>::max(),
                                   step.size() > 2 ? step[2].get<int>() : default_limit_ms);
    record[kind == "volatile" ? "~bytes" : "bytes"] = got.bytes;
    record["end"] = got.end;
  }

  void shutdown_write(const Json& /*step*/, Json& /*record*/) { socket_.shutdown_write(); }
  void close(const Json& /*step*/, Json& /*record*/) { socket_.close(); }
  void reset(const Json& /*step*/, Json& /*record*/) { socket_.reset(); }
  void sleep(const Json& step, Json& /*record*/) { time_.sleep(milliseconds(step[1].get<int>())); }

  void wait(const Json& step, Json& record) {
    const std::string label = step[1];
    const int count = step.size() > 2 ? step[2].get<int>() : 1;
    const Timekeeper::Ticket deadline = time_.enter(milliseconds(default_limit_ms));
    {
      const Timekeeper::Parked parked(time_, [&] { return !log_.reached(label, count); });
      log_.wait(label, count, [&] { return time_.is_over(deadline); });
    }
    time_.leave(deadline);
    if (!log_.reached(label, count)) record["timeout"] = true;
  }

  void mark(const Json& /*step*/, Json& /*record*/) {}

  EventLog& log_;
  Timekeeper& time_;
  int number_;
  const std::optional<asio_style::SocketAddress>& server_;
  PeerSocket socket_;
  std::unique_ptr<PeerTls> tls_;
};

}  // namespace

void run_peer(EventLog& log, Timekeeper& time, int number, const std::vector<Json>& steps,
              const std::optional<asio_style::SocketAddress>& server) {
  Peer peer(log, time, number, server);
  for (const Json& step : steps) {
    try {
      peer.run(step);
    } catch (const std::exception& error) {  // the harness's own: part of the trace, so that it is seen
      log.add_peer({{"step", step.front()}, {"peer", number}, {"harness_error", error.what()}});
      return;
    }
  }
}

}  // namespace antiphon::asyncio_replay
