#include "checker.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "automaton.hpp"
#include "rules.hpp"

namespace antiphon::conformance {

namespace {

bool is_callback(const std::string& kind) {
  static const std::set<std::string> callbacks{"CM", "DR", "ER", "CL", "PW", "RW"};
  return callbacks.contains(kind);
}

Violation blame(const Trace& trace, std::size_t at, std::string_view rule, std::string_view says) {
  return {std::string(rule),
          std::string(rule) + " violated: " + std::string(says) + ", " + token(trace[at]) + " (event " +
              std::to_string(at + 1) + " of " + std::to_string(trace.size()) + ", connection " +
              std::to_string(trace[at].connection) + ")",
          at};
}

struct Connection {
  Life life = Life::unborn;
  Flow flow = Flow::flowing;
};

std::optional<Violation> step(Connection& connection, const Trace& trace, std::size_t at) {
  const std::string& kind = trace[at].kind;
  const auto life = std::find_if(life_steps.begin(), life_steps.end(), [&](const LifeStep& each) {
    return each.from == connection.life && each.event == kind;
  });
  if (life == life_steps.end()) {
    for (const Forbidden& each : forbidden)
      if (each.in == connection.life && (each.event.empty() || each.event == kind))
        return blame(trace, at, each.rule, each.says);
    return blame(trace, at, "ORD-01", "an event out of order");
  }
  connection.life = life->to;
  if (kind == "PW" || kind == "RW") {
    const auto flow = std::find_if(flow_steps.begin(), flow_steps.end(), [&](const FlowStep& each) {
      return each.from == connection.flow && each.event == kind;
    });
    if (flow == flow_steps.end())
      return blame(trace, at, "FLOW-01",
                   kind == "PW" ? "pause_writing while paused" : "resume_writing without pause_writing");
    connection.flow = flow->to;
  }
  return std::nullopt;
}

/// FLOW-02, FLOW-03: what waited at a pause and at a resume, where the marks are known and never changed.
std::optional<Violation> check_marks(const Scenario& scenario, const Trace& trace) {
  if (scenario.server.has("set_limits")) return std::nullopt;
  const auto [high, low] = scenario.server.limits.value_or(std::pair<std::size_t, std::size_t>(65536, 16384));
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (!trace[i].fields.contains("buffered")) continue;
    const std::int64_t buffered = trace[i].count("buffered");
    if (trace[i].kind == "PW" && buffered <= static_cast<std::int64_t>(high))
      return blame(trace, i, "FLOW-02",
                   "pause_writing at " + std::to_string(buffered) + " octets, not above the mark of " +
                       std::to_string(high));
    if (trace[i].kind == "RW" && buffered > static_cast<std::int64_t>(low))
      return blame(trace, i, "FLOW-03",
                   "resume_writing at " + std::to_string(buffered) + " octets, above the mark of " +
                       std::to_string(low));
  }
  return std::nullopt;
}

/// OCT-01: the pieces, in order, are the stream that the peer sent.
std::optional<Violation> check_received(const Trace& trace, const PeerRecord& peer) {
  std::uint64_t received = 0;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].connection > 0) return std::nullopt;  // the record is of one connection
    if (trace[i].kind == "ER" && received != peer.sent)
      return blame(trace, i, "OCT-01",
                   "the end was told after " + std::to_string(received) + " of " + std::to_string(peer.sent) +
                       " octets");
    if (trace[i].kind != "DR") continue;
    const auto size = static_cast<std::size_t>(trace[i].count("bytes"));
    if (received + size > peer.sent)
      return blame(trace, i, "OCT-01",
                   "more octets than the " + std::to_string(peer.sent) + " that were sent");
    if (trace[i].count("sum") != static_cast<std::int64_t>(crc32(stream_octets(received, size))))
      return blame(trace, i, "OCT-01", "other octets than were sent");
    received += size;
  }
  return std::nullopt;
}

bool sends_text(const Json& peer) {
  return std::any_of(peer.begin(), peer.end(), [](const Json& step) { return step[0] == "send_text"; });
}

std::optional<Violation> check_expectation(const Scenario& scenario, const Trace& trace) {
  // One connection: the whole trace in its order. Several: each by itself.
  std::map<int, std::vector<std::string>> tokens;
  const bool many =
      std::any_of(trace.begin(), trace.end(), [](const Event& event) { return event.connection > 0; });
  for (const Event& event : trace) {
    if (many && event.connection < 0) continue;
    tokens[many ? event.connection : 0].push_back(token(event));
  }
  if (tokens.empty()) tokens[0] = {};
  for (const auto& [connection, each] : tokens) {
    if (matches(each, scenario.expect)) continue;
    std::string got;
    for (const std::string& one : each) got += (got.empty() ? "" : " ") + one;
    const std::string& rule = scenario.rules.front();
    return Violation{rule,
                     rule + " violated: " + std::string(find_rule(rule)->sentence) + " Expected " +
                         scenario.expect + ", got " + got +
                         (many ? " (connection " + std::to_string(connection) + ")" : ""),
                     static_cast<std::size_t>(-1)};
  }
  return std::nullopt;
}

std::optional<Violation> check_peer(const Scenario& scenario, const PeerRecord& peer) {
  const auto broken = [](const char* rule, const std::string& says) {
    return Violation{rule, std::string(rule) + " violated: " + says, static_cast<std::size_t>(-1)};
  };
  if (peer.wrong_at >= 0)
    return broken("OCT-02", "octet " + std::to_string(peer.wrong_at) +
                                " that the peer read is not the one that was written");
  if (scenario.peer_reads && *scenario.peer_reads != static_cast<std::int64_t>(peer.read))
    return broken("OCT-03", "the peer read " + std::to_string(peer.read) + " octets, not " +
                                std::to_string(*scenario.peer_reads));
  if (!scenario.peer_end.empty() && peer.end != scenario.peer_end)
    return broken(scenario.rules.front().c_str(),
                  "the peer's connection ended by '" + peer.end + "', not by '" + scenario.peer_end + "'");
  return std::nullopt;
}

}  // namespace

std::optional<Violation> check_order(const Trace& trace, bool complete) {
  std::map<int, Connection> connections;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (!is_callback(trace[i].kind)) continue;
    if (auto violation = step(connections[trace[i].connection], trace, i)) return violation;
  }
  if (!complete) return std::nullopt;
  for (const auto& [number, connection] : connections)
    if (connection.life != Life::lost)
      return Violation{"ORD-05",
                       "ORD-05 violated: connection " + std::to_string(number) + " has no connection_lost",
                       static_cast<std::size_t>(-1)};
  return std::nullopt;
}

std::optional<Violation> check(const Scenario& scenario, const Trace& trace, const PeerRecord& peer,
                               std::vector<std::string>& exercised) {
  std::set<std::string> rules(scenario.rules.begin(), scenario.rules.end());
  rules.insert({"ORD-01", "ORD-02", "ORD-03", "ORD-04", "ORD-05", "OCT-02"});
  const auto any = [&](const char* kind) {
    return std::any_of(trace.begin(), trace.end(), [&](const Event& event) { return event.kind == kind; });
  };
  if (any("PW")) rules.insert({"FLOW-01", "FLOW-02"});
  if (any("RW")) rules.insert("FLOW-03");
  if (any("DR")) rules.insert("OCT-01");
  exercised.assign(rules.begin(), rules.end());

  if (auto violation = check_order(trace)) return violation;
  if (auto violation = check_marks(scenario, trace)) return violation;
  if (!sends_text(scenario.peer))
    if (auto violation = check_received(trace, peer)) return violation;
  if (auto violation = check_expectation(scenario, trace)) return violation;
  return check_peer(scenario, peer);
}

}  // namespace antiphon::conformance
