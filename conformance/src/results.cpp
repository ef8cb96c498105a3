#include <sys/utsname.h>

#include <map>
#include <thread>

#include "automaton.hpp"
#include "document.hpp"
#include "mutants.hpp"
#include "rules.hpp"
#include "summary.hpp"

namespace antiphon::conformance {

namespace {

Json machine() {
  utsname names{};
  ::uname(&names);
  return {{"system", names.sysname},
          {"release", names.release},
          {"architecture", names.machine},
          {"cpus", std::thread::hardware_concurrency()}};
}

Json sources_of(std::string_view text) {
  Json list = Json::array();
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    list.push_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return list;
}

/// The tables that the checker goes by, so that whoever draws them draws what was checked.
Json automaton() {
  Json life = Json::array();
  Json flow = Json::array();
  Json never = Json::array();
  for (const LifeStep& each : life_steps)
    life.push_back({{"from", name_of(each.from)}, {"event", each.event}, {"to", name_of(each.to)}});
  for (const FlowStep& each : flow_steps)
    flow.push_back({{"from", name_of(each.from)}, {"event", each.event}, {"to", name_of(each.to)}});
  for (const Forbidden& each : forbidden)
    never.push_back(
        {{"in", name_of(each.in)}, {"event", each.event}, {"rule", each.rule}, {"says", each.says}});
  return {{"life", std::move(life)},
          {"flow", std::move(flow)},
          {"forbidden", std::move(never)},
          {"dot", automaton_dot()}};
}

}  // namespace

Json results_to_json(const Report& report) {
  Json json = {{"schema", "antiphon-conformance/1"}, {"generated", utc_now() + "Z"}, {"machine", machine()}};
  json["automaton"] = automaton();
  json["targets"] = Json::array();
  for (const Hello& each : report.targets)
    json["targets"].push_back(
        {{"name", each.name}, {"version", each.version}, {"style", each.style}, {"offers", each.offers}});
  json["rules"] = Json::array();
  for (const Rule& each : all_rules())
    json["rules"].push_back({{"id", each.id},
                             {"level", name_of(each.level)},
                             {"group", each.group},
                             {"sentence", each.sentence},
                             {"sources", sources_of(each.sources)},
                             {"mutants", mutants_of(each.id)}});
  json["scenarios"] = Json::array();
  for (const Scenario& each : report.scenarios)
    json["scenarios"].push_back({{"name", each.name},
                                 {"about", each.about},
                                 {"rules", each.rules},
                                 {"needs", each.needs},
                                 {"transports", each.transports},
                                 {"server", each.server.json},
                                 {"expect", each.expect ? Json(*each.expect) : Json()}});
  json["results"] = Json::array();
  std::map<std::string, std::map<std::string, int>> counts;
  for (const Result& each : report.results) {
    Json trace = Json::array();
    Json marked;
    for (std::size_t i = 0; i < each.trace.size(); ++i) {
      if (each.trace[i].kind == "act") continue;
      if (i == each.marked) marked = trace.size();
      trace.push_back(to_json(each.trace[i]));
    }
    json["results"].push_back({{"target", each.target},
                               {"scenario", each.scenario},
                               {"verdict", name_of(each.verdict)},
                               {"rules_exercised", each.exercised},
                               {"rule", each.rule.empty() ? Json() : Json(each.rule)},
                               {"message", each.message},
                               {"expected", each.expected},
                               {"reason", each.reason},
                               {"duration_ms", each.duration_ms},
                               {"trace", std::move(trace)},
                               {"marked", std::move(marked)},
                               {"peer", each.peer.steps},
                               {"smallest", each.smallest ? to_json(*each.smallest) : Json()}});
    ++counts[each.target][std::string(name_of(each.verdict))];
  }
  json["counts"] = counts;
  for (const Hello& each : report.targets) {
    const RuleCount rules = count_rules(report, each.name);
    json["rules_tried"][each.name] = {
        {"tried", rules.tried.size()}, {"not_offered", rules.not_offered}, {"silent", rules.silent}};
  }
  return json;
}

}  // namespace antiphon::conformance
