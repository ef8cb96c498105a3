#include "scenario.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <stdexcept>

#include "entries.hpp"
#include "grammar.hpp"
#include "rules.hpp"

namespace antiphon::conformance {

namespace {

[[noreturn]] void bad(const std::string& what) {
  throw std::invalid_argument(what);
}

/// Visits every action, also those inside others.
void visit(const Json& actions, const std::function<void(const Json&, bool)>& fn, bool put_off = false) {
  for (const Json& action : actions) {
    fn(action, put_off);
    if (action[0] == "later" && action.size() > 2) visit(action[2], fn, true);
    if (action[0] == "soon" && action.size() > 1) visit(action[1], fn, true);
  }
}

void visit(const Script& script, const std::function<void(const Json&, bool)>& fn) {
  for (const auto& [event, actions] : script.on) visit(actions, fn);
  for (const auto& [event, nth] : script.on_nth)
    for (const auto& [count, actions] : nth) visit(actions, fn);
}

/// TLS has no half-close of its own, and its flow control counts otherwise; a Unix socket has no reset at
/// will.
std::vector<std::string> usual_transports(const Scenario& scenario) {
  const auto needs = [&](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) {
      return std::find(scenario.needs.begin(), scenario.needs.end(), name) != scenario.needs.end();
    });
  };
  std::vector<std::string> over{"tcp"};
  if (!scenario.steps("rst")) over.emplace_back("unix");
  if (!needs({"write_eof", "keep_open_after_eof", "flow_control", "set_write_buffer_limits"}))
    over.emplace_back("tls");
  return over;
}

/// "3": a count of events, or the number of a connection.
int count_of(const std::string& text, int least, const char* what) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least)
    bad("'" + text + "' is not " + what);
  return value;
}

template <typename T>
void check_one_of(const char* name, const std::string& value, const T& allowed) {
  if (!value.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    bad(std::string("'") + name + "' cannot be '" + value + "'");
}

}  // namespace

const Actions& Script::actions(const std::string& event, int count) const {
  static const Actions none = Json::array();
  if (const auto nth = on_nth.find(event); nth != on_nth.end())
    if (const auto found = nth->second.find(count); found != nth->second.end()) return found->second;
  const auto found = on.find(event);
  return found == on.end() ? none : found->second;
}

bool Script::has(const std::string& action) const {
  bool found = false;
  visit(*this, [&](const Json& each, bool) { found = found || each[0] == action; });
  return found;
}

bool Script::puts_off(const std::string& action) const {
  bool found = false;
  visit(*this, [&](const Json& each, bool put_off) { found = found || (put_off && each[0] == action); });
  return found;
}

bool Script::keeps_open() const {
  bool found = false;
  visit(*this, [&](const Json& each, bool) {
    found = found || (each[0] == "return" && each.size() > 1 && each[1] == true);
  });
  return found;
}

bool Scenario::steps(const std::string& verb) const {
  return std::any_of(peer.begin(), peer.end(), [&](const Json& step) { return step[0] == verb; });
}

bool Scenario::tries(std::string_view rule) const {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}
bool Scenario::over(const std::string& transport) const {
  return std::find(transports.begin(), transports.end(), transport) != transports.end();
}

Script parse_script(const Json& json) {
  static const std::set<std::string> events{"CM", "DR", "ER", "PW", "RW", "CL"};
  const auto check_event = [](const std::string& event) {
    if (!events.contains(event)) bad("unknown event '" + event + "' in the server script");
  };
  const auto check_object = [](const std::string& what, const Json& value) {
    if (!value.is_object()) bad(what + " must be an object, not " + value.dump().substr(0, 80));
  };
  Script script;
  script.json = json;
  check_object("the server script", json);
  for (const auto& [key, value] : json.items()) {
    if (key == "on") {
      check_object("'on'", value);
      for (const auto& [event, actions] : value.items()) {
        check_event(event);
        check_actions(actions);
        script.on[event] = actions;
      }
    } else if (key == "on_nth") {
      check_object("'on_nth'", value);
      for (const auto& [event, nth] : value.items()) {
        check_event(event);
        check_object("'on_nth' of " + event, nth);
        for (const auto& [count, actions] : nth.items()) {
          check_actions(actions);
          script.on_nth[event][count_of(count, 1, "a count of events from 1")] = actions;
        }
      }
    } else if (key == "limits") {
      if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() ||
          !value[1].is_number_unsigned())
        bad("'limits' must be two counts, high and low, not " + value.dump().substr(0, 80));
      script.limits.emplace(value[0], value[1]);
    } else {
      bad("unknown key '" + key + "' in the server script");
    }
  }
  return script;
}

Scenario parse_scenario(const Json& json) {
  static const std::set<std::string> known{"name",       "about",      "rules",        "needs",
                                           "server",     "peer",       "expect",       "expect_of",
                                           "peer_reads", "peer_end",   "connections",  "before",
                                           "refused",    "transports", "abort_at_end", "peer_reads_below"};
  using Texts = std::vector<std::string>;
  constexpr const char* a_text = "a text";
  constexpr const char* some_texts = "a list of texts";
  constexpr const char* a_number = "a number";
  if (!json.is_object()) bad("a scenario must be an object, not " + json.dump().substr(0, 80));
  for (const auto& [key, value] : json.items())
    if (!known.contains(key)) bad("unknown key '" + key + "'");
  Scenario scenario;
  scenario.name = field<std::string>(json, "name", a_text);
  if (scenario.name.empty()) bad("'name' is empty");
  scenario.about = field<std::string>(json, "about", a_text);
  scenario.rules = field<Texts>(json, "rules", some_texts);
  if (scenario.rules.empty()) bad("it proves no rule");
  for (const std::string& id : scenario.rules)
    if (find_rule(id) == nullptr) bad("unknown rule '" + id + "'");
  scenario.needs = field_or<Texts>(json, "needs", some_texts, {});
  for (const std::string& each : scenario.needs) check_offer(each);
  scenario.server = parse_script(json.value("server", Json::object()));
  scenario.peer = field<Json>(json, "peer", "a list of steps");
  check_steps(scenario.peer);
  if (json.contains("expect")) scenario.expect = field<std::string>(json, "expect", a_text);
  if (scenario.expect) check_expectation_text(*scenario.expect);
  for (const auto& [connection, expect] :
       field_or<std::map<std::string, std::string>>(json, "expect_of", "texts by connection", {})) {
    check_expectation_text(expect);
    scenario.expect_of[count_of(connection, 0, "the number of a connection")] = expect;
  }
  if (json.contains("connections")) scenario.connections = field<int>(json, "connections", a_number);
  if (json.contains("peer_reads")) scenario.peer_reads = field<std::int64_t>(json, "peer_reads", a_number);
  if (json.contains("peer_reads_below"))
    scenario.peer_reads_below = field<std::int64_t>(json, "peer_reads_below", a_number);
  scenario.peer_end = field_or<std::string>(json, "peer_end", a_text, "");
  check_one_of("peer_end", scenario.peer_end, Texts{"eof", "close-notify", "cut", "reset"});
  scenario.before = field_or<std::string>(json, "before", a_text, "");
  check_one_of("before", scenario.before, Texts{"stale-socket", "file"});
  scenario.refused = field_or<std::string>(json, "refused", a_text, "");
  scenario.abort_at_end = field_or<bool>(json, "abort_at_end", "true or false", false);
  scenario.transports = field_or<Texts>(json, "transports", some_texts, usual_transports(scenario));
  for (const std::string& each : scenario.transports)
    check_one_of("transports", each, Texts{"tcp", "unix", "tls"});
  if (scenario.transports.empty()) bad("'transports' is empty, so it is never played");
  return scenario;
}

Json to_json(const Scenario& scenario) {
  Json json = {
      {"name", scenario.name},   {"about", scenario.about},           {"rules", scenario.rules},
      {"needs", scenario.needs}, {"transports", scenario.transports}, {"server", scenario.server.json},
      {"peer", scenario.peer}};
  if (scenario.expect) json["expect"] = *scenario.expect;
  for (const auto& [connection, expect] : scenario.expect_of)
    json["expect_of"][std::to_string(connection)] = expect;
  if (scenario.connections) json["connections"] = *scenario.connections;
  if (scenario.peer_reads) json["peer_reads"] = *scenario.peer_reads;
  if (scenario.peer_reads_below) json["peer_reads_below"] = *scenario.peer_reads_below;
  if (!scenario.peer_end.empty()) json["peer_end"] = scenario.peer_end;
  if (!scenario.before.empty()) json["before"] = scenario.before;
  if (!scenario.refused.empty()) json["refused"] = scenario.refused;
  if (scenario.abort_at_end) json["abort_at_end"] = true;
  return json;
}

std::vector<Scenario> load_scenario_file(const std::filesystem::path& file) {
  std::vector<Scenario> scenarios;
  std::set<std::string> names;
  for (const Entry& each : load_entries(file)) {
    const Json name = each.value.is_object() ? each.value.value("name", Json()) : Json();
    try {
      scenarios.push_back(parse_scenario(each.value));
      if (!names.insert(scenarios.back().name).second) bad("there is another one of this name");
    } catch (const std::exception& error) {
      throw std::invalid_argument(each.at + ": " +
                                  (name.is_string() ? "scenario '" + name.get<std::string>() + "': " : "") +
                                  error.what());
    }
  }
  return scenarios;
}

std::vector<Scenario> load_scenarios(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) bad(folder.string() + ": no such folder of scenarios");
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Scenario> scenarios;
  for (const auto& file : files)
    for (Scenario& each : load_scenario_file(file)) scenarios.push_back(std::move(each));
  if (scenarios.empty()) bad(folder.string() + ": no scenario in it");
  for (Scenario& each : generated_scenarios()) scenarios.push_back(std::move(each));
  std::set<std::string> names;
  for (const Scenario& each : scenarios)
    if (!names.insert(each.name).second)
      bad(folder.string() + ": two scenarios are named '" + each.name + "'");
  return scenarios;
}

}  // namespace antiphon::conformance
