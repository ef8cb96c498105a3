#include "replay.hpp"

#include <algorithm>
#include <exception>
#include <fstream>
#include <future>
#include <memory>
#include <thread>

#include "comparison.hpp"
#include "decided.hpp"
#include "peer.hpp"
#include "peer_connections.hpp"
#include "server.hpp"

namespace antiphon::conformance::cl_async {

namespace {

/// Everything of one replay. The loop's thread holds it, too: a loop that never ends is left behind.
struct Play {
  explicit Play(const TraceFile& trace)
      : script(parse_server_script(trace.server_script)),
        peer_script(parse_peer_script(trace.peer_script)),
        server(script, stage) {}

  ServerScript script;
  Ops peer_script;
  Stage stage;
  PeerConnections connections;
  Server server;
};

/// What the server connects to must listen before the server starts.
bool peer_listens_first(const Ops& script) {
  return !script.empty() && script.front().name == "listen";
}

/// The library's own timeouts run while the peer sleeps: which comes first is the machine's affair, too, if
/// the times are short.
bool runs_in_real_time(const TraceFile& trace) {
  const std::string script = trace.server_script.dump();
  return script.find("_timeout") != std::string::npos;
}

/// How many events are hoped for before the recorder asked the loop to end: it let some time pass, for a
/// delay or so to do its work. All, if it had ended by itself.
std::size_t due_before_the_end(const Json& hoped) {
  const auto end = std::find_if(hoped.begin(), hoped.end(),
                                [](const Json& event) { return event.value("event", "") == "stop-request"; });
  return static_cast<std::size_t>(end - hoped.begin());
}

/// Against a run that has fewer events than are hoped for; that is a difference in any case.
constexpr std::chrono::milliseconds longest_wait_for_the_rest{1'500};

/// A trace that nobody declared, but all that is not the same follows from what was decided: its rules, or
/// nothing.
std::string decisions_that_account_for(const TraceFile& trace, const Outcome& ours) {
  for (const Outcome& recorded : trace.recorded) {
    std::string rules;
    for (const Decided& each : decided(trace.server_script, recorded, ours))
      rules += (rules.empty() ? "" : "; ") + each.rule + ": " + each.reason;
    if (!rules.empty()) return rules;
  }
  return {};
}

}  // namespace

Outcome replay(const TraceFile& trace, const Outcome& hoped, int stretch) {
  const auto play = std::make_shared<Play>(trace);
  play->stage.stretch = stretch;
  Outcome ours;
  if (peer_listens_first(play->peer_script)) {
    ours.peer = run_peer({play->peer_script.front()}, hoped.peer, play->stage, play->connections);
    play->peer_script.erase(play->peer_script.begin());
    play->stage.log.peer_is_at([] { return false; });
  }

  std::promise<void> over;
  const auto ended = over.get_future();
  std::thread loop([play, over = std::move(over)]() mutable {
    play->server.run();
    over.set_value();
  });
  std::exception_ptr peer_error;
  try {
    Json hoped_rest = hoped.peer;
    if (!ours.peer.empty() && !hoped_rest.empty()) hoped_rest.erase(0);
    for (Json& step : run_peer(play->peer_script, hoped_rest, play->stage, play->connections))
      ours.peer.push_back(std::move(step));
  } catch (...) {
    peer_error = std::current_exception();
  }
  if (!peer_error && !play->stage.failure()) {
    const std::size_t due = due_before_the_end(hoped.events);
    play->stage.log.wait([due](const Json& events) { return events.size() >= due; },
                         longest_wait_for_the_rest);
  }
  play->stage.request_stop();
  if (ended.wait_for(patience) == std::future_status::ready) {
    loop.join();
  } else {
    play->stage.log.add({{"event", "HANG"}, {"detail", "the loop did not end"}});
    loop.detach();
  }
  play->connections.close_all();
  if (peer_error) std::rethrow_exception(peer_error);
  if (const auto failure = play->stage.failure()) throw HarnessError(*failure);
  ours.events = play->stage.log.events();
  return ours;
}

Judgement judge(const TraceFile& trace, const Difference* declared) {
  const Outcome& hoped = declared != nullptr ? declared->expected : trace.recorded.front();
  Judgement judgement;
  const auto as_recorded = [&] {
    return std::any_of(trace.recorded.begin(), trace.recorded.end(),
                       [&](const Outcome& recorded) { return compare(recorded, judgement.ours).empty(); });
  };
  judgement.ours = replay(trace, hoped);
  bool equal = as_recorded();
  for (int stretch = 4; !equal && declared == nullptr && stretch <= 16 && runs_in_real_time(trace);
       stretch *= 4) {
    judgement.ours = replay(trace, hoped, stretch);
    equal = as_recorded();
  }
  if (declared == nullptr && equal) {
    judgement.verdict = Verdict::equal;
  } else if (declared != nullptr && equal) {
    judgement.verdict = Verdict::stale;
    judgement.report = "declared to differ, but it is as recorded\n";
  } else if (declared == nullptr &&
             !(judgement.report = decisions_that_account_for(trace, judgement.ours)).empty()) {
    judgement.verdict = Verdict::as_declared;
  } else {
    const auto differences = compare(hoped, judgement.ours);
    if (differences.empty()) {
      judgement.verdict = Verdict::as_declared;
      judgement.report = declared->reason;
    } else {
      for (const std::string& difference : differences) judgement.report += difference + "\n";
      judgement.report += render(hoped, judgement.ours);
    }
  }
  return judgement;
}

std::map<std::string, Difference> load_differences(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw HarnessError(file.string() + ": cannot be opened");
  try {
    std::map<std::string, Difference> differences;
    const Json all = Json::parse(in);
    for (const auto& [scenario, json] : all.items()) {
      Difference& difference = differences[scenario];
      difference.rules = json.at("rules").get<std::vector<std::string>>();
      difference.reason = json.at("reason").get<std::string>();
      difference.expected.events = json.at("events");
      difference.expected.peer = json.at("peer_events");
    }
    return differences;
  } catch (const Json::exception& error) {
    throw HarnessError(file.string() + ": " + error.what());
  }
}

}  // namespace antiphon::conformance::cl_async
