#include "replay.hpp"

#include <algorithm>
#include <exception>
#include <fstream>
#include <future>
#include <memory>
#include <thread>

#include "comparison.hpp"
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

}  // namespace

Outcome replay(const TraceFile& trace, const Outcome& hoped) {
  const auto play = std::make_shared<Play>(trace);
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
  judgement.ours = replay(trace, hoped);
  const bool equal = std::any_of(trace.recorded.begin(), trace.recorded.end(), [&](const Outcome& recorded) {
    return compare(recorded, judgement.ours).empty();
  });
  if (declared == nullptr && equal) {
    judgement.verdict = Verdict::equal;
  } else if (declared != nullptr && equal) {
    judgement.verdict = Verdict::stale;
    judgement.report = "declared to differ, but it is as recorded\n";
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
