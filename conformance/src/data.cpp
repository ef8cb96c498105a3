#include "data.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <utility>

#include "entries.hpp"
#include "reference/faults.hpp"
#include "rules.hpp"

#ifndef ANTIPHON_PYTHON
#define ANTIPHON_PYTHON "python3"
#endif

namespace antiphon::conformance {

namespace {

/// Words, with "double" or 'single' quotes around those that hold spaces.
std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> split;
  std::string word;
  char quote = 0;
  bool any = false;
  for (const char c : text) {
    if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? '\0' : c;
      any = true;
    } else if (quote == 0 && c == ' ') {
      if (any) split.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) split.push_back(word);
  return split;
}

constexpr std::array in_process{"asio_style", "cl_async_style", "reference"};

/// The adapters that the kit has itself, as commands; {} is the folder of adapters, {bin} that of the running
/// program.
struct Adapter {
  const char* name;
  const char* command;
};
constexpr std::array adapters{
    Adapter{"asyncio", ANTIPHON_PYTHON " {}/asyncio_adapter.py --loop asyncio"},
    Adapter{"uvloop", ANTIPHON_PYTHON " {}/asyncio_adapter.py --loop uvloop"},
    Adapter{"twisted", ANTIPHON_PYTHON " {}/twisted_adapter.py"},
    Adapter{"node", "node {}/node_adapter.js"},
    Adapter{"libuv", "{bin}/antiphon-libuv-adapter"},
};

}  // namespace

bool fits(const std::string& pattern, std::string_view text) {
  return ::fnmatch(pattern.c_str(), std::string(text).c_str(), 0) == 0;
}

bool Difference::fits(std::string_view a_target, std::string_view a_scenario) const {
  return conformance::fits(target, a_target) && conformance::fits(scenario, a_scenario);
}

std::vector<Difference> load_differences(const std::filesystem::path& file) {
  static const std::set<std::string> known{"target", "scenario", "rule", "reason", "sometimes"};
  std::vector<Difference> differences;
  for (const Entry& each : load_entries(file)) try {
      constexpr const char* a_text = "a text";
      const Json& json = each.value;
      if (!json.is_object())
        throw std::invalid_argument("a difference must be an object, not " + json.dump());
      for (const auto& [key, value] : json.items())
        if (!known.contains(key)) throw std::invalid_argument("unknown key '" + key + "'");
      Difference made{field<std::string>(json, "target", a_text),
                      field_or<std::string>(json, "scenario", a_text, "*"),
                      field_or<std::string>(json, "rule", a_text, ""),
                      field<std::string>(json, "reason", a_text),
                      field_or<bool>(json, "sometimes", "true or false", false),
                      each.at};
      if (made.reason.empty()) throw std::invalid_argument("it gives no reason");
      if (!json.contains("scenario") && made.rule.empty())
        throw std::invalid_argument("it names neither a scenario nor a rule");
      if (!made.rule.empty() && find_rule(made.rule) == nullptr)
        throw std::invalid_argument("unknown rule '" + made.rule + "'");
      differences.push_back(std::move(made));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(each.at + ": " + error.what());
    }
  return differences;
}

void check_differences(const Data& data) {
  for (const Difference& each : data.differences)
    if (each.names_one() && each.scenario != "random" && each.scenario != "small" &&
        std::none_of(data.scenarios.begin(), data.scenarios.end(),
                     [&](const Scenario& one) { return one.name == each.scenario; }))
      throw std::invalid_argument(each.at + ": no scenario is named '" + each.scenario + "'");
}

Data load_data(const std::filesystem::path& folder) {
  Data data{load_scenarios(folder / "scenarios"), load_differences(folder / "differences.json"),
            folder / "adapters"};
  check_differences(data);
  return data;
}

std::filesystem::path default_data_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "share" / "antiphon";
}

TargetName parse_target(const std::string& name) {
  for (const char* transport : {"unix", "tls"}) {
    const std::string suffix = std::string("-") + transport;
    if (name.starts_with("exec" + suffix + ":")) return {"exec:" + name.substr(5 + suffix.size()), transport};
    if (!name.starts_with("exec:") && name.ends_with(suffix))
      return {name.substr(0, name.size() - suffix.size()), transport};
  }
  return {name, "tcp"};
}

const std::vector<std::string>& known_targets() {
  static const std::vector<std::string> names{
      "asio_style",     "cl_async_style", "reference",   "asyncio",         "uvloop",
      "node",           "twisted",        "libuv",       "asio_style-unix", "cl_async_style-unix",
      "reference-unix", "asyncio-unix",   "uvloop-unix", "asio_style-tls",  "cl_async_style-tls",
      "reference-tls",  "asyncio-tls",    "uvloop-tls"};
  return names;
}

bool is_target(const std::string& name) {
  const std::string base = parse_target(name).base;
  const auto named = [&](const auto& each) { return base == each; };
  if (base.starts_with("reference:")) return reference::find_mutant(base.substr(10)) != nullptr;
  return base.starts_with("exec:") || std::any_of(in_process.begin(), in_process.end(), named) ||
         std::any_of(adapters.begin(), adapters.end(),
                     [&](const Adapter& each) { return base == each.name; });
}

std::unique_ptr<Target> make_target(const std::string& base, const Data& data, EventLog& log) {
  if (base == "asio_style") return make_asio_style_target(log);
  if (base == "cl_async_style") return make_cl_async_style_target(log);
  if (base == "reference") return make_reference_target(log, "");
  if (base.starts_with("reference:")) return make_reference_target(log, base.substr(10));
  if (base.starts_with("exec:")) return make_exec_target(log, words(base.substr(5)));
  for (const Adapter& each : adapters) {
    if (base != each.name) continue;
    std::vector<std::string> command = words(each.command);
    for (std::string& word : command) {
      if (word.starts_with("{}")) word.replace(0, 2, data.adapters.string());
      if (word.starts_with("{bin}"))
        word.replace(0, 5, std::filesystem::read_symlink("/proc/self/exe").parent_path().string());
    }
    return make_exec_target(log, command);
  }
  throw HarnessError("unknown target '" + base + "'");
}

}  // namespace antiphon::conformance
