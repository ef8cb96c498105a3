#include "peer.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <string_view>
#include <thread>
#include <utility>

#include "json_text.hpp"
#include "peer_connections.hpp"

namespace antiphon::conformance::cl_async {

namespace {

using std::chrono::milliseconds;

/// How long a step waits that is expected to see nothing, if the script does not say.
constexpr milliseconds short_wait{700};

class Peer {
 public:
  Peer(const Json& expected, Stage& stage, PeerConnections& connections)
      : expected_(expected), stage_(stage), connections_(connections) {}

  Json run(const Ops& script) {
    Json record = Json::array();
    for (const Op& step : script) {
      if (stage_.failure()) break;
      hoped_ = record.size() < expected_.size() ? expected_[record.size()].value("result", Json()) : Json();
      Json entry{{"step", step.source}};
      if (Json result = steps().at(step.name)(*this, step); !result.is_null()) entry["result"] = result;
      record.push_back(std::move(entry));
    }
    stage_.log.peer_is_at([] { return true; });
    return record;
  }

 private:
  using Step = Json (*)(Peer&, const Op&);
  static const std::map<std::string_view, Step>& steps();

  PeerConnection& connection(const Op& step) { return connections_[step.options.value("c", "c1")]; }

  /// Does `what` while the server is told that this thread waits when `waits` says so.
  template <typename What>
  auto at(std::function<bool()> waits, What what) {
    stage_.log.peer_is_at(std::move(waits));
    auto result = what();
    stage_.log.peer_is_at([] { return false; });
    return result;
  }

  [[nodiscard]] milliseconds limit(const Op& step) const {
    const bool hopes_for_none = hoped_.is_object() && (hoped_.value("end", "") == "timeout" ||
                                                       hoped_.value("error", "") == "TimeoutError" ||
                                                       hoped_.value("not_seen", false));
    if (!hopes_for_none) return patience;
    if (!step.options.contains("timeout")) return short_wait;
    return milliseconds(static_cast<int>(step.options["timeout"].get<double>() * 1000));
  }

  PeerConnection::Received receive(const Op& step, std::size_t at_most, milliseconds wait) {
    PeerConnection& from = connection(step);
    if (!from.is_open()) return {{}, "NotConnected"};
    return at([&] { return from.would_wait_to_receive(); }, [&] { return from.receive(at_most, wait); });
  }

  static Json error_or_none(const std::string& error) {
    return error.empty() ? Json() : Json{{"error", error}};
  }
  /// How many there were; or only whether any, where the kernel's buffers decide on the rest.
  static Json received(const Op& step, const std::string& octets) {
    Json result{{"bytes", octets.size()}};
    if (step.flag("approx")) {
      if (!octets.empty()) result["bytes"] = "some";
    } else if (octets.size() <= short_text) {
      result["text"] = json_text(octets);
    }
    return result;
  }

  /// Until somebody listens at the port, or never will.
  std::uint16_t port_to_connect(const Op& step) {
    const Json name = step.options.value("port", Json("$PORT"));
    stage_.log.wait(
        [&](const Json& events) {
          return stage_.port(name) != 0 && std::any_of(events.begin(), events.end(), [](const Json& event) {
                   return event.at("event") == "listening";
                 });
        },
        patience);
    return stage_.port(name);
  }

  Json connect(const Op& step) {
    const std::uint16_t port = port_to_connect(step);
    if (port == 0) return {{"error", "ConnectionRefusedError"}};
    return error_or_none(connection(step).connect_tcp(step.options.value("host", "127.0.0.1"), port));
  }
  Json connect_unix(const Op& step) {
    stage_.log.wait_event("listening", 1, patience);
    const Json path = !step.args.empty() ? step.args[0] : step.options.value("path", Json("$SOCK"));
    return error_or_none(connection(step).connect_unix(stage_.path(path)));
  }
  Json connect_tls(const Op& step) {
    if (Json failed = connect(step); !failed.is_null()) return failed;
    PeerConnection& to = connection(step);
    const std::string error =
        at([&] { return to.would_wait_to_receive(); }, [&] { return to.start_tls(limit(step)); });
    return error.empty() ? Json{{"version", to.tls_version()}} : Json{{"error", error}};
  }
  Json listen() const {
    if (::listen(stage_.peer_listener(), SOMAXCONN) != 0) throw HarnessError("the peer cannot listen");
    return {};
  }
  Json accept(const Op& step) {
    pollfd asked{stage_.peer_listener(), POLLIN, 0};
    const bool came = at([&asked] { return ::poll(&asked, 1, 0) == 0; },
                         [&] {
                           pollfd mine = asked;
                           return ::poll(&mine, 1, static_cast<int>(limit(step).count())) == 1;
                         });
    if (!came) return {{"error", "TimeoutError"}};
    connection(step).adopt(::accept4(stage_.peer_listener(), nullptr, nullptr, SOCK_CLOEXEC));
    return {};
  }

  Json send(const Op& step, const std::string& octets) {
    PeerConnection& to = connection(step);
    const std::string error =
        !to.is_open() ? "NotConnected"
                      : at([&] { return to.would_wait_to_send(); }, [&] { return to.send(octets); });
    return step.flag("best_effort") ? Json() : error_or_none(error);
  }

  Json read(const Op& step) {
    const auto wanted = step.arg(0).get<std::size_t>();
    std::string octets;
    while (octets.size() < wanted) {
      const auto piece = receive(step, wanted - octets.size(), limit(step));
      octets += piece.octets;
      if (piece.end == "timeout") return {{"error", "TimeoutError"}};
      if (piece.end == "reset") return {{"error", "ConnectionResetError"}};
      if (!piece.end.empty()) break;
    }
    return received(step, octets);
  }
  Json read_some(const Op& step) {
    const auto piece = receive(step, 65536, limit(step));
    if (piece.end == "timeout") return {{"error", "TimeoutError"}};
    if (piece.end == "reset") return {{"error", "ConnectionResetError"}};
    return received(step, piece.octets);
  }
  Json read_until_eof(const Op& step) {
    std::string octets;
    while (true) {
      const auto piece = receive(step, 65536, limit(step));
      octets += piece.octets;
      if (piece.end.empty()) continue;
      Json result = received(step, octets);
      result["end"] = piece.end;
      return result;
    }
  }
  /// Quiet is what comes after the octets that are expected, for those are waited for.
  Json read_until_quiet(const Op& step) {
    const milliseconds quiet(step.options.value("quiet_ms", 50));
    const Json bytes = hoped_.is_object() ? hoped_.value("bytes", Json()) : Json();
    const std::size_t hoped = bytes.is_number_unsigned() ? bytes.get<std::size_t>() : bytes == "some" ? 1 : 0;
    std::string octets;
    std::string end;
    while (end.empty()) {
      auto piece = receive(step, 65536, octets.size() < hoped ? patience : quiet);
      octets += piece.octets;
      end = piece.end;
    }
    Json result = received(step, octets);
    if (end != "timeout") result["end"] = end;
    return result;
  }

  Json sleep(const Op& step) {
    return at([] { return true; },
              [&] {
                std::this_thread::sleep_for(milliseconds(step.arg(0).get<int>()) * stage_.stretch);
                stage_.settle();  // what was there before it has been dispatched, on the slowest machine
                return Json();
              });
  }
  Json wait_event(const Op& step) {
    const bool seen =
        stage_.log.wait_event(step.arg(0).get<std::string>(), step.arg(1).get<std::size_t>(), limit(step));
    return seen ? Json() : Json{{"not_seen", true}};
  }
  Json signal(const Op& step) {
    const int number = step.arg(0).get<int>();
    const bool handled = stage_.log.wait(
        [&](const Json& events) {
          return std::any_of(events.begin(), events.end(),
                             [](const Json& event) { return event.at("event") == "start-done"; });
        },
        patience);
    if (!handled || stage_.log.ended()) return {{"error", "ProcessLookupError"}};
    ::kill(::getpid(), number);
    return {};
  }
  Json tls_unwrap(const Op& step) {
    PeerConnection& on = connection(step);
    return error_or_none(
        at([&] { return on.would_wait_to_receive(); }, [&] { return on.tls_unwrap(limit(step)); }));
  }

  const Json& expected_;
  Stage& stage_;
  PeerConnections& connections_;
  Json hoped_;  // the result that is expected of the step under way
};

const std::map<std::string_view, Peer::Step>& Peer::steps() {
  static const std::map<std::string_view, Step> steps = {
      {"connect", [](Peer& on, const Op& step) { return on.connect(step); }},
      {"connect_unix", [](Peer& on, const Op& step) { return on.connect_unix(step); }},
      {"connect_tls", [](Peer& on, const Op& step) { return on.connect_tls(step); }},
      {"listen", [](Peer& on, const Op&) { return on.listen(); }},
      {"accept", [](Peer& on, const Op& step) { return on.accept(step); }},
      {"send",
       [](Peer& on, const Op& step) {
         return on.send(step, std::string(step.arg(0).get<std::size_t>(), filler));
       }},
      {"send_text", [](Peer& on, const Op& step) { return on.send(step, step.arg(0).get<std::string>()); }},
      {"shutdown_write",
       [](Peer& on, const Op& step) { return error_or_none(on.connection(step).shutdown_write()); }},
      {"close",
       [](Peer& on, const Op& step) {
         on.connection(step).close();
         return Json();
       }},
      {"rst",
       [](Peer& on, const Op& step) {
         on.connection(step).reset();
         return Json();
       }},
      {"read", [](Peer& on, const Op& step) { return on.read(step); }},
      {"read_some", [](Peer& on, const Op& step) { return on.read_some(step); }},
      {"read_until_eof", [](Peer& on, const Op& step) { return on.read_until_eof(step); }},
      {"read_until_quiet", [](Peer& on, const Op& step) { return on.read_until_quiet(step); }},
      {"sleep_ms", [](Peer& on, const Op& step) { return on.sleep(step); }},
      {"wait_event", [](Peer& on, const Op& step) { return on.wait_event(step); }},
      {"set_rcvbuf",
       [](Peer& on, const Op& step) {
         on.connection(step).set_receive_buffer(step.arg(0).get<int>());
         return Json();
       }},
      {"signal", [](Peer& on, const Op& step) { return on.signal(step); }},
      {"tls_unwrap", [](Peer& on, const Op& step) { return on.tls_unwrap(step); }},
      {"pipe_write",
       [](Peer& on, const Op& step) {
         on.stage_.write_pipe(step.args.empty() || !step.arg(0).is_string() ? "x"
                                                                            : step.arg(0).get<std::string>());
         return Json();
       }},
      {"mark", [](Peer&, const Op&) { return Json(); }},
  };
  return steps;
}

}  // namespace

Json run_peer(const Ops& script, const Json& expected, Stage& stage, PeerConnections& connections) {
  return Peer(expected, stage, connections).run(script);
}

}  // namespace antiphon::conformance::cl_async
