#include "trace_file.hpp"

#include <algorithm>
#include <fstream>

namespace antiphon::conformance::cl_async {

namespace {

Outcome outcome_of(const Json& from, const Outcome& otherwise = {}) {
  Outcome outcome;
  outcome.events = from.value("events", otherwise.events);
  outcome.peer = from.value("peer_events", otherwise.peer);
  if (!outcome.events.is_array() || !outcome.peer.is_array()) throw HarnessError("its events are no lists");
  return outcome;
}

}  // namespace

TraceFile load_trace(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw HarnessError(file.string() + ": cannot be opened");
  try {
    const Json json = Json::parse(in);
    TraceFile trace;
    trace.scenario = json.at("scenario").get<std::string>();
    trace.note = json.value("note", "");
    trace.server_script = json.at("server_script");
    trace.peer_script = json.at("peer_script");
    trace.recorded.push_back(outcome_of(json));
    for (const Json& variant : json.value("variants", Json::array()))
      trace.recorded.push_back(outcome_of(variant, trace.recorded.front()));
    if (trace.recorded.front().events.empty()) throw HarnessError("it has no events");
    return trace;
  } catch (const std::exception& error) {
    throw HarnessError(file.string() + ": no trace of cl-async: " + error.what());
  }
}

std::vector<std::filesystem::path> find_traces(const std::filesystem::path& where) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  if (!std::filesystem::exists(where, error)) throw HarnessError(where.string() + ": no such file or folder");
  if (!std::filesystem::is_directory(where)) return {where};
  for (const auto& entry : std::filesystem::directory_iterator(where))
    if (entry.path().string().ends_with(".cl-async.json")) found.push_back(entry.path());
  if (found.empty()) throw HarnessError(where.string() + ": no *.cl-async.json in it");
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace antiphon::conformance::cl_async
