#include "antiphon/cl_async_style/http/plugins.hpp"

#include <algorithm>

#include "antiphon/cl_async_style/http/errors.hpp"
#include "plugins/core_plugins.hpp"
#include "state.hpp"

namespace antiphon::cl_async_style {

namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<plugin>& known(wookie_state& state) {
  if (state.known_plugins.empty()) state.known_plugins = core_plugins();
  return state.known_plugins;
}

/// `asked_by`: the plugins that wait for this one.
void load(wookie_state& state, std::string_view name, std::vector<std::string>& asked_by) {
  if (contains(state.loaded_plugins, name)) return;
  if (contains(asked_by, name)) throw wookie_error("plugins depend on each other: " + std::string(name));
  const auto& all = known(state);
  const auto found = std::find_if(all.begin(), all.end(), [&](const plugin& p) { return p.name == name; });
  if (found == all.end()) throw wookie_error("no such plugin: " + std::string(name));
  const plugin one = *found;  // its init may register more
  asked_by.push_back(one.name);
  for (const std::string& other : one.depends_on) load(state, other, asked_by);
  asked_by.pop_back();
  state.loaded_plugins.push_back(one.name);
  if (one.init) one.init();
}

}  // namespace

void register_plugin(plugin which) {
  wookie_state& state = wookie_state::current();
  auto& all = known(state);
  const std::string name = which.name;
  const auto old = std::find_if(all.begin(), all.end(), [&](const plugin& p) { return p.name == name; });
  if (old == all.end())
    all.push_back(std::move(which));
  else if (!contains(state.loaded_plugins, name))
    *old = std::move(which);
  std::vector<std::string> asked_by;
  if (contains(state.config.enabled_plugins, name)) load(state, name, asked_by);
}

void load_plugins() {
  wookie_state& state = wookie_state::current();
  while (!state.loaded_plugins.empty()) unload_plugin(std::string(state.loaded_plugins.back()));
  std::vector<std::string> asked_by;
  for (const std::string& name : std::vector<std::string>(state.config.enabled_plugins))
    load(state, name, asked_by);
}

void unload_plugin(std::string_view name) {
  wookie_state& state = wookie_state::current();
  const std::string which(name);  // it may be a view into what is erased
  if (!contains(state.loaded_plugins, which)) return;
  const std::vector<plugin> all = known(state);
  for (const plugin& other : all)
    if (contains(other.depends_on, which)) unload_plugin(other.name);
  std::erase(state.loaded_plugins, which);
  for (const plugin& one : all)
    if (one.name == which && one.unload) one.unload();
}

bool plugin_loaded_p(std::string_view name) {
  return contains(wookie_state::current().loaded_plugins, name);
}

std::any& plugin_config(std::string_view name) {
  auto& configs = wookie_state::current().plugin_configs;
  const auto found = configs.find(name);
  return found != configs.end() ? found->second : configs[std::string(name)];
}

std::any& plugin_request_data(std::string_view plugin, request& of) {
  for (auto& [name, data] : of.plugin_data_)
    if (name == plugin) return data;
  return of.plugin_data_.emplace_back(plugin, std::any()).second;
}

const std::any* plugin_request_data(std::string_view plugin, const request& of) noexcept {
  for (const auto& [name, data] : of.plugin_data_)
    if (name == plugin) return &data;
  return nullptr;
}

}  // namespace antiphon::cl_async_style
