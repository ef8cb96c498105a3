#include "antiphon/cl_async_style/http/routes.hpp"

#include <algorithm>

#include "state.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr int below_all = -1'000'000;  // the priority of a mounted router

bool same_route(const route& a, const route& b) {
  return a.method == b.method && a.resource == b.resource && a.options.vhost == b.options.vhost;
}

bool fits_host(std::string_view vhost, const request& of) {
  if (vhost.empty()) return true;
  const std::string_view host = of.headers().get("Host").value_or("");
  return http::equal_ignoring_case(host, vhost) ||
         http::equal_ignoring_case(host.substr(0, host.rfind(':')), vhost);
}

bool fits(const route& candidate, const request& of, std::vector<std::string_view>& args) {
  if (candidate.method != "*" && candidate.method != of.method()) return false;
  if (!fits_host(candidate.options.vhost, of)) return false;
  if (candidate.mounted != nullptr) return true;
  if (!candidate.pattern) return candidate.resource == of.path();
  std::cmatch groups;
  const std::string_view path = of.path();
  if (!std::regex_match(path.data(), path.data() + path.size(), groups, *candidate.pattern)) return false;
  args.clear();
  for (std::size_t i = 1; i < groups.size(); ++i)
    args.emplace_back(groups[i].first, static_cast<std::size_t>(groups[i].length()));
  return true;
}

}  // namespace

wookie_state& wookie_state::current() {
  thread_local wookie_state state;
  return state;
}

route_match wookie_state::find(request& of, std::size_t& from) const {
  route_match match;
  while (from < routes.size()) {
    const route& candidate = *routes[from++];
    if (!fits(candidate, of, match.args)) continue;
    match.found = &candidate;
    if (candidate.mounted != nullptr) match.mounted = candidate.mounted->find(of);
    break;
  }
  return match;
}

void wookie_state::run_hooks(hook kind, const request& of, response& to) const {
  for (const auto& [at, call] : hooks)
    if (at == kind) call(of, to);
}

void defroute(std::string_view method, std::string_view resource, route_handler handler,
              defroute_options options) {
  auto made = std::make_shared<route>();
  made->method = method;
  made->resource = resource;
  made->handler = std::move(handler);
  made->options = std::move(options);
  if (made->options.regex) {
    auto flags = std::regex::ECMAScript | std::regex::optimize;
    if (!made->options.case_sensitive) flags |= std::regex::icase;
    made->pattern.emplace(made->resource, flags);
  }
  auto& routes = wookie_state::current().routes;
  if (made->options.replace) {
    const auto old =
        std::find_if(routes.begin(), routes.end(), [&](const auto& r) { return same_route(*r, *made); });
    if (old != routes.end() && (*old)->options.priority == made->options.priority) {
      *old = std::move(made);
      return;
    }
    if (old != routes.end()) routes.erase(old);
  }
  const auto behind = std::find_if(routes.begin(), routes.end(), [&](const auto& r) {
    return r->options.priority < made->options.priority;
  });
  routes.insert(behind, std::move(made));
}

void mount(const http::Router& router) {
  auto made = std::make_shared<route>();
  made->method = "*";
  made->options.priority = below_all;
  made->mounted = &router;
  wookie_state::current().routes.push_back(std::move(made));
}

void clear_routes() {
  wookie_state::current().routes.clear();
}

std::size_t clear_route(std::string_view method, std::string_view resource) {
  return std::erase_if(wookie_state::current().routes,
                       [&](const auto& r) { return r->method == method && r->resource == resource; });
}

void next_route() {
  throw next_route_signal();
}

void add_hook(hook kind, hook_callback callback) {
  wookie_state::current().hooks.emplace_back(kind, std::move(callback));
}
void clear_hooks() {
  wookie_state::current().hooks.clear();
}

void add_error_handler(error_handler handler) {
  wookie_state::current().error_handlers.push_back(std::move(handler));
}
void clear_error_handlers() {
  wookie_state::current().error_handlers.clear();
}

}  // namespace antiphon::cl_async_style
