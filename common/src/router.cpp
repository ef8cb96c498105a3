#include "antiphon/http/router.hpp"

#include <algorithm>
#include <stdexcept>

#include "short_text.hpp"

namespace antiphon::http {

namespace {

bool is_param(std::string_view segment) noexcept {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// Calls `visit(segment)` for what stands between the slashes; "/" has one empty segment.
template <typename Visit>
void for_each_segment(std::string_view path, Visit visit) {
  path.remove_prefix(path.empty() ? 0 : 1);
  while (true) {
    const std::size_t slash = path.find('/');
    visit(path.substr(0, slash));
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

bool matches_segments(const std::vector<std::string>& segments, std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  std::size_t index = 0;
  bool same = true;
  for_each_segment(path, [&](std::string_view segment) {
    if (index >= segments.size() || !same) {
      same = false;
      return;
    }
    same = is_param(segments[index]) ? !segment.empty() : segments[index] == segment;
    ++index;
  });
  return same && index == segments.size();
}

/// Adds a method to the list that an Allow field has.
void allow(std::string_view method, std::string& list) {
  if (has_token(list, method)) return;
  if (!list.empty()) list += ", ";
  list += method;
}

void set_params(const std::vector<std::string>& segments, Request& request) {
  std::size_t index = 0;
  for_each_segment(request.path(), [&](std::string_view segment) {
    const std::string_view name = segments[index++];
    if (is_param(name)) request.add_param(name.substr(1, name.size() - 2), segment);
  });
}

}  // namespace

Router& Router::add(std::string_view method, std::string_view pattern, Handler handler,
                    RouteOptions options) {
  if (pattern.empty() || pattern.front() != '/')
    throw std::invalid_argument("route pattern must begin with '/': " + std::string(pattern));
  std::vector<std::string> segments;
  for_each_segment(pattern, [&](std::string_view segment) { segments.emplace_back(segment); });

  auto path =
      std::find_if(paths_.begin(), paths_.end(), [&](const Path& p) { return p.segments == segments; });
  if (path == paths_.end()) {
    std::string literal;
    auto segment = segments.begin();
    for (; segment != segments.end() && !is_param(*segment); ++segment) literal.append("/").append(*segment);
    const bool whole = segment == segments.end();
    if (!whole) literal += "/";
    path = paths_.insert(paths_.end(), Path{std::move(literal), whole, segments, {}, {}});
  }
  for (const Route& route : path->routes)
    if (route.method == method)
      throw std::invalid_argument("route exists already: " + std::string(method) + " " +
                                  std::string(pattern));
  path->routes.push_back(
      {std::string(method), segments, std::move(handler), options.body, options.length_required});
  for (std::string* list : {&path->allow, &allow_any_}) {
    allow(method, *list);
    if (method == "GET") allow("HEAD", *list);
    allow("OPTIONS", *list);
  }
  return *this;
}

/// The usual case first: a path without parameters and a method that it has.
Router::Match Router::find(Request& request) const {
  const std::string_view asked = request.path();
  for (const Path& path : paths_) {
    if (!path.whole && same(path.literal, asked.substr(0, path.literal.size()))) break;  // may come first
    if (!path.whole || !same(path.literal, asked)) continue;
    for (const Route& route : path.routes) {
      if (route.length_required || !same(route.method, request.method())) continue;
      request.clear_params();
      return {Found::route, &route, {}};
    }
    break;
  }
  return find_any(request);
}

Router::Match Router::find_any(Request& request) const {
  const std::string_view asked = request.path();
  const bool options = request.method() == "OPTIONS";
  if (options && asked == "*") return {Found::options, nullptr, allow_any_};
  Match match;
  for (const Path& path : paths_) {
    if (path.whole ? !same(path.literal, asked)
                   : !same(path.literal, asked.substr(0, path.literal.size())) ||
                         !matches_segments(path.segments, asked))
      continue;
    const auto route_for = [&path](std::string_view method) -> const Route* {
      for (const Route& route : path.routes)
        if (same(route.method, method)) return &route;
      return nullptr;
    };
    const Route* route = route_for(request.method());
    if (route == nullptr && request.method() == "HEAD") route = route_for("GET");
    if (route != nullptr) {
      if (route->length_required && request.chunked()) return {Found::length_required, nullptr, {}};
      request.clear_params();
      if (!path.whole) set_params(path.segments, request);
      return {Found::route, route, {}};
    }
    if (match.found == Found::no_such_path)
      match = {options ? Found::options : Found::method_not_allowed, nullptr, path.allow};
  }
  return match;
}

void respond_not_found(const Router::Match& match, Exchange& exchange) {
  const std::array fields{Field{"Content-Type", "text/plain; charset=utf-8"}, Field{"Allow", match.allow}};
  const auto without_allow = std::span(fields).first(1);
  switch (match.found) {
    case Router::Found::options:  // RFC 9110, 9.3.7: what the answer says, it says in its fields
      return exchange.respond(ResponseView{200, std::span(fields).last(1), {}});
    case Router::Found::method_not_allowed:
      return exchange.respond(ResponseView{405, fields, "method not allowed\n"});
    case Router::Found::length_required:
      return exchange.respond(ResponseView{411, without_allow, "the length of the body is required\n"});
    case Router::Found::no_such_path:
    case Router::Found::route:
      break;
  }
  exchange.respond(ResponseView{404, without_allow, "not found\n"});
}

}  // namespace antiphon::http
