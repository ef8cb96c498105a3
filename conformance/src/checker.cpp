#include "checker.hpp"

#include <algorithm>
#include <set>

#include "judge.hpp"
#include "rules.hpp"

namespace antiphon::conformance {

namespace {

Violation of_scenario(const Scenario& scenario, const std::string& says, std::string expected = "",
                      std::size_t event = static_cast<std::size_t>(-1)) {
  const std::string& rule = scenario.rules.front();
  return {rule, rule + " violated: " + std::string(find_rule(rule)->sentence) + " " + says, event,
          std::move(expected)};
}

/// The tokens of one connection, or with -1 of the whole trace in its order; and where each stands.
struct Tokens {
  std::vector<std::string> tokens;
  std::vector<std::size_t> at;
};
Tokens tokens_of(const Trace& trace, int connection) {
  Tokens made;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].kind == "act" || (connection >= 0 && trace[i].connection != connection)) continue;
    made.tokens.push_back(token(trace[i]));
    made.at.push_back(i);
  }
  return made;
}

std::optional<Violation> match(const Run& run, const std::string& expect, int connection) {
  Tokens got = tokens_of(run.trace, connection);
  // A closing TLS connection waits for the peer's close_notify, and may tell of it (AS-233).
  const std::size_t count = got.tokens.size();
  if (run.transport == "tls" && run.scenario.server.has("close") && count >= 2 &&
      got.tokens[count - 2] == "ER") {
    if (!Expectation(expect).mismatch(got.tokens)) return std::nullopt;
    got.tokens.erase(got.tokens.end() - 2);
    got.at.erase(got.at.end() - 2);
  }
  const auto mismatch = Expectation(expect).mismatch(got.tokens);
  if (!mismatch) return std::nullopt;
  std::string text;
  for (const std::string& one : got.tokens) text += " " + one;
  std::string says = "Expected " + expect + ", got" + text;
  if (connection >= 0) says += " (connection " + std::to_string(connection) + ")";
  if (mismatch->at == got.tokens.size() && mismatch->expected.find("CL") != std::string::npos)
    says += "; no connection_lost";
  return of_scenario(run.scenario, says, mismatch->expected,
                     mismatch->at < got.at.size() ? got.at[mismatch->at] : static_cast<std::size_t>(-1));
}

std::optional<Violation> check_expectation(const Run& run) {
  const Scenario& scenario = run.scenario;
  std::set<int> connections;
  for (const Event& event : run.trace)
    if (event.connection >= 0) connections.insert(event.connection);
  const auto made = std::count_if(run.trace.begin(), run.trace.end(),
                                  [](const Event& event) { return event.kind == "CM"; });
  if (scenario.connections && made != *scenario.connections)
    return of_scenario(scenario, std::to_string(made) + " connections were made, not " +
                                     std::to_string(*scenario.connections));
  if (scenario.expect) {
    // One connection: the whole trace in its order. Several: each by itself.
    if (connections.size() <= 1) {
      if (auto violation = match(run, *scenario.expect, -1)) return violation;
    } else {
      for (const int connection : connections)
        if (!scenario.expect_of.contains(connection))
          if (auto violation = match(run, *scenario.expect, connection)) return violation;
    }
  }
  for (const auto& [connection, expect] : scenario.expect_of)
    if (auto violation = match(run, expect, connection)) return violation;
  return std::nullopt;
}

std::optional<Violation> check_peer(const Run& run) {
  const Scenario& scenario = run.scenario;
  const PeerRecord& peer = run.peer;
  if (peer.connected_anyway)
    return of_scenario(scenario, "A peer connected to what does not listen any more.");
  if (peer.loop_hung) return of_scenario(scenario, "But the loop did not end.");
  const std::string read = "But the peer read " + std::to_string(peer.read) + " octets, ";
  if (scenario.peer_reads && *scenario.peer_reads != static_cast<std::int64_t>(peer.read))
    return of_scenario(scenario, read + "not " + std::to_string(*scenario.peer_reads) + ".");
  if (scenario.peer_reads_below && *scenario.peer_reads_below <= static_cast<std::int64_t>(peer.read))
    return of_scenario(scenario, read + "not fewer than " + std::to_string(*scenario.peer_reads_below) + ".");
  const bool ends_well = scenario.peer_end == "eof" && (peer.end == "close-notify" || peer.end == "cut");
  if (!scenario.peer_end.empty() && peer.end != scenario.peer_end && !ends_well)
    return of_scenario(
        scenario, "The peer's connection ended by '" + peer.end + "', not by '" + scenario.peer_end + "'.");
  return std::nullopt;
}

}  // namespace

std::optional<Violation> check(const Run& run, std::vector<std::string>& exercised) {
  const Scenario& scenario = run.scenario;
  exercised = scenario.rules;
  if (run.refused != scenario.refused)
    return of_scenario(
        scenario, scenario.refused.empty()
                      ? "But the server cannot listen: " + run.refused + "."
                      : "But the server listens" + (run.refused.empty() ? "" : " not: " + run.refused) + ".");
  if (!scenario.refused.empty()) return std::nullopt;
  if (auto violation = check_model(run, exercised)) return violation;
  if (auto violation = check_expectation(run)) return violation;
  // Who waited in vain and was told nothing else: the connection never ended.
  if (!run.reached_end && scenario.expect) return std::nullopt;
  if (!scenario.steps("stop_loop"))
    if (auto violation = check_order(run.trace)) return violation;
  return run.reached_end ? check_peer(run) : std::nullopt;
}

}  // namespace antiphon::conformance
