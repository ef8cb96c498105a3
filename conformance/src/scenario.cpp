#include "scenario.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
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
void visit(const Json& actions, const std::function<void(const Json&)>& fn) {
  for (const Json& action : actions) {
    fn(action);
    if (action[0] == "later" && action.size() > 2) visit(action[2], fn);
    if (action[0] == "soon" && action.size() > 1) visit(action[1], fn);
  }
}

void visit(const Script& script, const std::function<void(const Json&)>& fn) {
  for (const auto& [event, actions] : script.on) visit(actions, fn);
  for (const auto& [event, nth] : script.on_nth)
    for (const auto& [count, actions] : nth) visit(actions, fn);
}

std::string escaped(const std::string& text) {
  return std::regex_replace(text, std::regex(R"([.^$|()\[\]{}*+?\\])"), R"(\$&)");
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
  visit(*this, [&](const Json& each) { found = found || each[0] == action; });
  return found;
}

bool Script::keeps_open() const {
  bool found = false;
  visit(*this, [&](const Json& each) {
    found = found || (each[0] == "return" && each.size() > 1 && each[1] == true);
  });
  return found;
}

Script parse_script(const Json& json) {
  Script script;
  script.json = json;
  if (!json.is_object()) bad("the server script must be an object");
  for (const auto& [key, value] : json.items()) {
    if (key == "on") {
      for (const auto& [event, actions] : value.items()) {
        check_actions(actions);
        script.on[event] = actions;
      }
    } else if (key == "on_nth") {
      for (const auto& [event, nth] : value.items())
        for (const auto& [count, actions] : nth.items()) {
          check_actions(actions);
          script.on_nth[event][std::stoi(count)] = actions;
        }
    } else if (key == "limits") {
      script.limits.emplace(value.at(0), value.at(1));
    } else {
      bad("unknown key '" + key + "' in the server script");
    }
  }
  return script;
}

Scenario load_scenario(const std::filesystem::path& file) {
  try {
    std::ifstream in(file);
    if (!in) bad("cannot be read");
    const Json json = Json::parse(in);
    static const std::set<std::string> known{"name", "about",  "rules",      "needs",    "server",
                                             "peer", "expect", "peer_reads", "peer_end", "abort_at_end"};
    for (const auto& [key, value] : json.items())
      if (!known.contains(key)) bad("unknown key '" + key + "'");
    Scenario scenario;
    scenario.name = json.at("name");
    if (scenario.name != file.stem().string())
      bad("its name is '" + scenario.name + "', not that of the file");
    scenario.about = json.at("about");
    scenario.rules = json.at("rules").get<std::vector<std::string>>();
    if (scenario.rules.empty()) bad("it proves no rule");
    for (const std::string& id : scenario.rules)
      if (find_rule(id) == nullptr) bad("unknown rule '" + id + "'");
    scenario.needs = json.value("needs", std::vector<std::string>{});
    scenario.server = parse_script(json.at("server"));
    scenario.peer = json.at("peer");
    check_actions(scenario.peer);
    scenario.expect = json.at("expect");
    if (json.contains("peer_reads")) scenario.peer_reads = json["peer_reads"].get<std::int64_t>();
    scenario.peer_end = json.value("peer_end", "");
    scenario.abort_at_end = json.value("abort_at_end", false);
    return scenario;
  } catch (const std::exception& error) {
    throw std::invalid_argument(file.string() + ": " + error.what());
  }
}

std::vector<Scenario> load_scenarios(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) bad(folder.string() + ": no such folder of scenarios");
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Scenario> scenarios;
  for (const auto& file : files) scenarios.push_back(load_scenario(file));
  if (scenarios.empty()) bad(folder.string() + ": no scenario in it");
  return scenarios;
}

bool matches(const std::vector<std::string>& tokens, const std::string& expect) {
  std::string pattern;
  for (std::size_t begin = 0; begin < expect.size();) {
    std::size_t end = begin;  // a token ends at a space outside parentheses
    for (int depth = 0; end < expect.size() && (expect[end] != ' ' || depth > 0); ++end)
      depth += expect[end] == '(' ? 1 : expect[end] == ')' ? -1 : 0;
    std::string each = expect.substr(begin, end - begin);
    begin = end + 1;
    if (each.empty()) continue;
    std::string repeat;
    if (each.back() == '+' || each.back() == '*' || each.back() == '?') {
      repeat = each.back();
      each.pop_back();
    }
    pattern += "(?:(?:";
    for (std::size_t from = 0;;) {
      const std::size_t bar = each.find('|', from);
      pattern += escaped(each.substr(from, bar - from));
      if (bar == std::string::npos) break;
      pattern += '|';
      from = bar + 1;
    }
    pattern += ");)" + repeat;
  }
  std::string text;
  for (const std::string& each : tokens) text += each + ";";
  return std::regex_match(text, std::regex(pattern));
}

}  // namespace antiphon::conformance
