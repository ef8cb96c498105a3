#include "comparison.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace antiphon::asyncio_replay {

namespace {

Json without_informative_keys(const Json& event) {
  Json result = Json::object();
  for (const auto& [key, value] : event.items()) {
    if (!key.starts_with('~')) result[key] = value;
  }
  return result;
}

bool same_connection(const Json& a, const Json& b) {
  return a.value("conn", 0) == b.value("conn", 0) && a.value("proto", "A") == b.value("proto", "A");
}

/// Recorded traces are merged already; ours is not.
Json merged(const Json& events) {
  Json result = Json::array();
  for (const Json& event : events) {
    if (!result.empty() && event["event"] == "DR" && result.back()["event"] == "DR" &&
        same_connection(event, result.back())) {
      if (event.contains("n"))
        result.back()["n"] = result.back()["n"].get<std::size_t>() + event["n"].get<std::size_t>();
    } else {
      result.push_back(event);
    }
  }
  return result;
}

/// Connections run into each other in any order: each one's events in their order, then those of none.
Json by_connection(const Json& events) {
  std::map<int, Json> connections;
  Json others = Json::array();
  for (const Json& event : events) {
    const bool of_connection = event["event"] != "factory" && event["event"] != "main";
    if (!of_connection) {
      others.push_back(event);
      continue;
    }
    connections.try_emplace(event.value("conn", 0), Json::array()).first->second.push_back(event);
  }
  Json result = others;
  for (const auto& [number, list] : connections) result.insert(result.end(), list.begin(), list.end());
  return result;
}

Json by_peer(const Json& events) {
  Json result = events;
  std::stable_sort(result.begin(), result.end(),
                   [](const Json& a, const Json& b) { return a.value("peer", 0) < b.value("peer", 0); });
  return result;
}

std::optional<std::string> first_difference(const char* what, const Json& ours, const Json& recorded) {
  const std::size_t longer = std::max(ours.size(), recorded.size());
  for (std::size_t i = 0; i < longer; ++i) {
    const bool there = i < ours.size() && i < recorded.size();
    if (there && ours[i] == recorded[i]) continue;
    const auto side = [i](const Json& list) {
      return i < list.size() ? list[i].dump() : std::string("(nothing)");
    };
    return std::string(what) + " " + std::to_string(i + 1) + "\n  recorded: " + side(recorded) +
           "\n  ours:     " + side(ours);
  }
  return std::nullopt;
}

}  // namespace

Trace comparable(const Trace& trace, const Scenario& scenario) {
  Trace result;
  for (const Json& event : trace.events) {
    Json kept = without_informative_keys(event);
    if (scenario.counts_are_volatile && kept["event"] == "DR") kept.erase("n");
    result.events.push_back(std::move(kept));
  }
  if (scenario.merge_data_received) result.events = merged(result.events);
  if (scenario.order_is_volatile) result.events = by_connection(result.events);
  for (const Json& step : trace.peer_events) result.peer_events.push_back(without_informative_keys(step));
  result.peer_events = by_peer(result.peer_events);
  return result;
}

bool kernel_took_another_share(const Trace& ours, const Json& recorded) {
  const auto shares = [](const Json& events) {
    const auto rests = std::count_if(events.begin(), events.end(), [](const Json& event) {
      return event["event"] == "RW" && event.value("rel", "") == "<=low";
    });
    const auto buffered = std::count_if(events.begin(), events.end(),
                                        [](const Json& event) { return event.value("buffered", false); });
    return std::pair(rests, buffered);
  };
  const auto found = shares(ours.events);
  if (found == shares(recorded.at("events"))) return false;
  const Json variants = recorded.value("variants", Json::array());
  return std::none_of(variants.begin(), variants.end(),
                      [&](const Json& variant) { return found == shares(variant.at("events")); });
}

std::optional<std::string> difference(const Trace& ours, const Json& recorded, const Scenario& scenario) {
  const Trace mine = comparable(ours, scenario);
  std::vector<Json> variants{recorded};
  for (const Json& variant : recorded.value("variants", Json::array())) variants.push_back(variant);
  std::optional<std::string> first;
  for (const Json& variant : variants) {
    const Trace theirs = comparable({variant.at("events"), variant.at("peer_events")}, scenario);
    auto found = first_difference("event", mine.events, theirs.events);
    if (!found) found = first_difference("peer event", mine.peer_events, theirs.peer_events);
    if (!found) return std::nullopt;
    if (!first) first = std::move(found);
  }
  return first;
}

}  // namespace antiphon::asyncio_replay
