// The order of callbacks, by the tables of automaton.hpp.

#include <algorithm>

#include "judge.hpp"

namespace antiphon::conformance {

namespace {

/// What the tables let come in a state.
std::string allowed(Life life, Flow flow) {
  std::string text;
  for (const LifeStep& each : life_steps) {
    if (each.from != life) continue;
    const bool flows = each.event == "PW" || each.event == "RW";
    if (flows && std::none_of(flow_steps.begin(), flow_steps.end(), [&](const FlowStep& step) {
          return step.from == flow && step.event == each.event;
        }))
      continue;
    text += (text.empty() ? "" : " or ") + std::string(each.event);
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace

bool is_callback(const std::string& kind) {
  static constexpr std::array callbacks{"CM", "DR", "ER", "CL", "PW", "RW"};
  return std::find(callbacks.begin(), callbacks.end(), kind) != callbacks.end();
}

Violation blame(const Trace& trace, std::size_t at, std::string_view rule, const std::string& says,
                std::string expected) {
  return {std::string(rule),
          std::string(rule) + " violated: " + says + ", " + token(trace[at]) + " (event " +
              std::to_string(at + 1) + " of " + std::to_string(trace.size()) + ", connection " +
              std::to_string(trace[at].connection) + ")",
          at, std::move(expected)};
}

std::optional<Violation> Order::step(const Trace& trace, std::size_t at) {
  const std::string& kind = trace[at].kind;
  const auto next = std::find_if(life_steps.begin(), life_steps.end(), [&](const LifeStep& each) {
    return each.from == life && each.event == kind;
  });
  if (next == life_steps.end()) {
    for (const Forbidden& each : forbidden)
      if (each.in == life && (each.event.empty() || each.event == kind))
        return blame(trace, at, each.rule, std::string(each.says), allowed(life, flow));
    return blame(trace, at, "ORD-01", "an event out of order", allowed(life, flow));
  }
  if (kind == "PW" || kind == "RW") {
    const auto turn = std::find_if(flow_steps.begin(), flow_steps.end(), [&](const FlowStep& each) {
      return each.from == flow && each.event == kind;
    });
    if (turn == flow_steps.end())
      return blame(trace, at, "FLOW-01",
                   kind == "PW" ? "pause_writing while paused" : "resume_writing without pause_writing",
                   allowed(life, flow));
    flow = turn->to;
  }
  life = next->to;
  return std::nullopt;
}

std::optional<Violation> check_order(const Trace& trace, bool complete) {
  std::map<int, Order> connections;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (!is_callback(trace[i].kind)) continue;
    if (auto violation = connections[trace[i].connection].step(trace, i)) return violation;
  }
  if (!complete) return std::nullopt;
  for (const auto& [number, connection] : connections)
    if (connection.life != Life::lost)
      return Violation{"ORD-05",
                       "ORD-05 violated: connection " + std::to_string(number) + " has no connection_lost",
                       static_cast<std::size_t>(-1), "CL"};
  return std::nullopt;
}

}  // namespace antiphon::conformance
