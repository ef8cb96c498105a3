#include "antiphon/cl_async_style/http/routes.hpp"

#include <algorithm>

#include "state.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr int below_all = -1'000'000;  // the priority of a mounted router

std::string in_capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  return out;
}

bool same_route(const route& a, const route& b) {
  return a.methods == b.methods && a.resource == b.resource && a.options.vhost == b.options.vhost &&
         a.options.regex == b.options.regex && (a.mounted == nullptr) == (b.mounted == nullptr);
}

bool fits_host(std::string_view vhost, const request& of) {
  if (vhost.empty()) return true;
  const std::string_view host = of.headers().get("Host").value_or("");
  return http::equal_ignoring_case(host, vhost) ||
         http::equal_ignoring_case(host.substr(0, host.rfind(':')), vhost);
}

bool fits(const route& candidate, std::string_view method, const request& of, route_args& args) {
  if (!candidate.methods.fits(method)) return false;
  if (!fits_host(candidate.options.vhost, of)) return false;
  if (candidate.mounted != nullptr) return true;
  if (!candidate.pattern) return candidate.resource == of.path();
  return candidate.pattern->matches(of.path(), args);
}

void insert(std::vector<std::shared_ptr<const route>>& routes, std::shared_ptr<const route> made) {
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

}  // namespace

route_methods::route_methods(std::string_view one) {
  if (one != "*") names_.push_back(in_capitals(one));
}

route_methods::route_methods(std::initializer_list<std::string_view> several) {
  for (const std::string_view one : several) {
    if (one == "*") {
      names_.clear();
      return;
    }
    names_.push_back(in_capitals(one));
  }
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

bool route_methods::names(std::string_view method) const noexcept {
  return std::find(names_.begin(), names_.end(), method) != names_.end();
}

wookie_state& wookie_state::current() {
  thread_local wookie_state state;
  return state;
}

void wookie_state::find(request& of, std::size_t& from, route_match& match) const {
  if (match.found) match.clear();
  const auto take = [&](const std::shared_ptr<const route>& fitting) {
    match.found = fitting;
    if (fitting->mounted != nullptr) match.mounted = fitting->mounted->find(of);
  };
  while (from < routes.size()) {
    const auto& candidate = routes[from++];
    if (fits(*candidate, of.method(), of, match.args)) return take(candidate);
  }
  // Those that name HEAD had their turn; now those for GET. `from` counts on.
  if (of.method() != "HEAD") return;
  while (from < 2 * routes.size()) {
    const auto& candidate = routes[from++ - routes.size()];
    if (!candidate->methods.fits("HEAD") && fits(*candidate, "GET", of, match.args)) return take(candidate);
  }
}

void defroute(const route_methods& method, std::string_view resource, route_handler handler,
              defroute_options options) {
  wookie_state& state = wookie_state::current();
  auto made =
      std::make_shared<route>(route{method, std::string(resource), std::move(handler), std::move(options)});
  if (made->options.vhost.empty()) made->options.vhost = state.config.default_vhost;
  if (made->options.regex) made->pattern.emplace(made->resource, made->options.case_sensitive);
  insert(state.routes, std::move(made));
}

void mount(const http::Router& router) {
  auto made = std::make_shared<route>(route{"*", {}, {}, {.priority = below_all}});
  made->mounted = &router;
  insert(wookie_state::current().routes, std::move(made));
}

void clear_routes() {
  wookie_state::current().routes.clear();
}

std::size_t clear_route(const route_methods& method, std::string_view resource) {
  return std::erase_if(wookie_state::current().routes, [&](const auto& r) {
    return r->mounted == nullptr && r->methods == method && r->resource == resource;
  });
}

void next_route() {
  throw next_route_signal();
}

wookie_config& config() {
  return wookie_state::current().config;
}

void with_vhost(std::string_view host, const std::function<void()>& define) {
  std::string& vhost = config().default_vhost;
  struct restore {
    std::string& place;
    std::string before;
    ~restore() { place = std::move(before); }
  } const end{vhost, std::exchange(vhost, std::string(host))};
  define();
}

}  // namespace antiphon::cl_async_style
