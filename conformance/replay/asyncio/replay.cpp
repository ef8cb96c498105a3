#include "replay.hpp"

#include <antiphon/test_support/temporary_folder.hpp>

#include "main_steps.hpp"
#include "session.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

bool uses(const Json& actions, const std::string& word) {
  if (!actions.is_array()) return false;
  if (!actions.empty() && actions.front() == word) return true;
  return std::any_of(actions.begin(), actions.end(), [&](const Json& inner) { return uses(inner, word); });
}

void run(Session& session) {
  const Scenario& scenario = session.scenario;
  session.record_reports();
  session.loop.set_debug(scenario.debug);
  const bool slow_on_purpose =
      std::any_of(scenario.handlers.begin(), scenario.handlers.end(),
                  [](const Handler& handler) { return uses(handler.actions, "busy_ms"); });
  // Else only a crowded machine could make a callback slow.
  if (!slow_on_purpose) session.loop.slow_callback_duration = std::chrono::seconds(30);
  if (!scenario.sync.empty()) return run_sync(session, scenario.sync);
  session.loop.run_until_complete(run_main(session));
}

}  // namespace

Trace run_scenario(const Scenario& scenario) {
  const test_support::TemporaryFolder scratch;
  set_scratch_folder(scratch.path());
  Trace trace;
  std::exception_ptr failed;
  {
    Session session(scenario, scratch.path());
    try {
      run(session);
    } catch (const HarnessError&) {
      failed = std::current_exception();
    } catch (const Json::exception&) {
      failed = std::current_exception();
    } catch (...) {
      session.log.add({{"event", "run_raised"}, {"exc", exception_json(std::current_exception())}});
    }
    trace.events = session.log.events();
    for (const auto& server : session.servers) server->close();
    session.loop.close();
    session.give_back_descriptors();
    session.stop_peers();
    trace.peer_events = session.log.peer_events();
    if (!failed) failed = session.harness_error;
  }
  for (const Json& step : trace.peer_events) {
    if (step.contains("harness_error"))
      throw HarnessError("peer: " + step["harness_error"].get<std::string>());
  }
  if (failed) {
    try {
      std::rethrow_exception(failed);
    } catch (const std::exception& error) {
      throw HarnessError(scenario.name + ": " + error.what());
    }
  }
  return trace;
}

}  // namespace antiphon::asyncio_replay
