#include "replay.hpp"

#include <fstream>
#include <set>
#include <stdexcept>

#include "peer.hpp"
#include "responses.hpp"
#include "server.hpp"

namespace antiphon::wookie_replay {

using nlohmann::json;

namespace {

json load(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return json::parse(in);
}

/// An event without what a port has no equivalent for, and without the number and the text of a condition,
/// which are Lisp's.
json comparable(const json& event) {
  static const std::set<std::string> left_away{"same_iteration", "class", "closed", "code", "msg"};
  json out = json::object();
  for (const auto& [key, value] : event.items())
    if (!left_away.contains(key) && !key.starts_with("is_")) out[key] = value;
  if (out["event"] == "loop-error") out.erase("sock");
  return out;
}

json comparable_events(const json& events) {
  json out = json::array();
  for (const json& event : events) out.push_back(comparable(event));
  return out;
}

json comparable_result(const json& result) {
  if (result.is_null()) return {};
  json out{{"responses", normal_responses(result.value("text", ""))}};
  if (result.contains("end") && result["end"] != "timeout") out["end"] = result["end"];
  return out;
}

}  // namespace

differences load_differences(const std::filesystem::path& file) {
  differences out;
  for (const json& entry : load(file)) out.emplace(entry.at("scenario"), entry);
  return out;
}

json load_trace(const std::filesystem::path& file) {
  return load(file);
}

outcome recorded(const json& trace) {
  outcome out;
  out.events = comparable_events(trace.at("events"));
  for (const json& step : trace.at("peer_events"))
    out.results.push_back(comparable_result(step.value("result", json())));
  return out;
}

outcome expected(const json& trace, const json* declared) {
  outcome out = recorded(trace);
  if (declared == nullptr) return out;
  if (declared->contains("events")) out.events = declared->at("events");
  const auto& results = declared->value("results", json::object());
  for (const auto& [step, result] : results.items()) out.results.at(std::stoul(step)).merge_patch(result);
  return out;
}

std::vector<std::string> replay(const json& trace, const json* declared) {
  std::vector<std::string> wrong;
  const outcome real = recorded(trace);
  const outcome wanted = expected(trace, declared);
  outcome ours;
  std::string left_over;
  {
    server one(trace);
    peer other(one);
    const json& steps = trace.at("peer_script");
    for (std::size_t i = 0; i < steps.size(); ++i)
      ours.results.push_back(other.play(steps[i], i < wanted.results.size() ? wanted.results[i] : json()));
    one.settle();
    one.stop();
    left_over = other.left_over();
    ours.events = comparable_events(one.log().events());
  }
  for (std::size_t i = 0; i < ours.results.size(); ++i) {
    const json& want = i < wanted.results.size() ? wanted.results[i] : json();
    if (ours.results[i] != want)
      wrong.push_back("step " + std::to_string(i) + " " + trace["peer_script"][i].dump() + "\n  expected " +
                      want.dump() + "\n  got      " + ours.results[i].dump());
  }
  if (!left_over.empty()) wrong.push_back("behind the last step came: " + left_over);
  if (ours.events != wanted.events)
    wrong.push_back("events\n  expected " + wanted.events.dump() + "\n  got      " + ours.events.dump());
  if (declared != nullptr && wanted.events == real.events && wanted.results == real.results)
    wrong.push_back("the declared difference is none: both do the same");
  return wrong;
}

}  // namespace antiphon::wookie_replay
