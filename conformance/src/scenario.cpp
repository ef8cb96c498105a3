#include "scenario.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>

#include "rules.hpp"

namespace antiphon::conformance {

namespace {

[[noreturn]] void bad(const std::string& what) {
  throw std::invalid_argument(what);
}

void check_actions(const Json& actions) {
  if (!actions.is_array()) bad("actions must be a list: " + actions.dump());
  for (const Json& action : actions)
    if (!action.is_array() || action.empty() || !action[0].is_string())
      bad("not an action: " + action.dump());
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

/// The line on which a scenario is named, for messages; 0 if it cannot be told.
std::size_t line_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\"" + name + "\"");
  if (at == std::string::npos) return 0;
  return static_cast<std::size_t>(
             std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
         1;
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
  Script script;
  script.json = json;
  if (!json.is_object()) bad("the server script must be an object");
  for (const auto& [key, value] : json.items()) {
    if (key == "on") {
      for (const auto& [event, actions] : value.items()) {
        check_event(event);
        check_actions(actions);
        script.on[event] = actions;
      }
    } else if (key == "on_nth") {
      for (const auto& [event, nth] : value.items()) {
        check_event(event);
        for (const auto& [count, actions] : nth.items()) {
          check_actions(actions);
          script.on_nth[event][std::stoi(count)] = actions;
        }
      }
    } else if (key == "limits") {
      script.limits.emplace(value.at(0), value.at(1));
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
  for (const auto& [key, value] : json.items())
    if (!known.contains(key)) bad("unknown key '" + key + "'");
  Scenario scenario;
  scenario.name = json.at("name");
  scenario.about = json.at("about");
  scenario.rules = json.at("rules").get<std::vector<std::string>>();
  if (scenario.rules.empty()) bad("it proves no rule");
  for (const std::string& id : scenario.rules)
    if (find_rule(id) == nullptr) bad("unknown rule '" + id + "'");
  scenario.needs = json.value("needs", std::vector<std::string>{});
  scenario.server = parse_script(json.value("server", Json::object()));
  scenario.peer = json.at("peer");
  check_actions(scenario.peer);
  if (json.contains("expect")) scenario.expect = json["expect"].get<std::string>();
  const Json expect_of = json.value("expect_of", Json::object());
  for (const auto& [connection, expect] : expect_of.items())
    scenario.expect_of[std::stoi(connection)] = expect;
  if (json.contains("connections")) scenario.connections = json["connections"].get<int>();
  if (json.contains("peer_reads")) scenario.peer_reads = json["peer_reads"].get<std::int64_t>();
  if (json.contains("peer_reads_below"))
    scenario.peer_reads_below = json["peer_reads_below"].get<std::int64_t>();
  scenario.peer_end = json.value("peer_end", "");
  scenario.before = json.value("before", "");
  scenario.refused = json.value("refused", "");
  scenario.abort_at_end = json.value("abort_at_end", false);
  scenario.transports = json.contains("transports") ? json["transports"].get<std::vector<std::string>>()
                                                    : usual_transports(scenario);
  return scenario;
}

Json to_json(const Scenario& scenario) {
  Json json = {{"name", scenario.name},   {"about", scenario.about},        {"rules", scenario.rules},
               {"needs", scenario.needs}, {"server", scenario.server.json}, {"peer", scenario.peer}};
  if (scenario.expect) json["expect"] = *scenario.expect;
  if (scenario.abort_at_end) json["abort_at_end"] = true;
  return json;
}

std::vector<Scenario> load_scenario_file(const std::filesystem::path& file) {
  std::ostringstream read;
  std::string at = file.string();
  try {
    std::ifstream in(file);
    if (!in) bad("cannot be read");
    read << in.rdbuf();
    const std::string text = read.str();
    const Json json = Json::parse(text);  // its own message tells line and column
    std::vector<Scenario> scenarios;
    for (const Json& each : json.is_array() ? json : Json::array({json})) {
      const std::string name = each.is_object() ? each.value("name", "") : "";
      const std::size_t line = line_of(text, name);
      at = file.string() + (line > 0 ? ":" + std::to_string(line) : "");
      if (!name.empty()) at += ": scenario '" + name + "'";
      scenarios.push_back(parse_scenario(each));
    }
    return scenarios;
  } catch (const std::exception& error) {
    throw std::invalid_argument(at + ": " + error.what());
  }
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
