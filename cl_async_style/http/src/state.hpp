#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/cl_async_style/http/routes.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::cl_async_style {

struct route {
  std::string method;
  std::string resource;
  route_handler handler;
  defroute_options options;
  std::optional<std::regex> pattern;
  const http::Router* mounted = nullptr;  ///< then it stands for a whole router
};

/// What a request was found to be for.
struct route_match {
  const route* found = nullptr;
  http::Router::Match mounted;
  std::vector<std::string_view> args;
  [[nodiscard]] bool chunk() const noexcept {
    if (found == nullptr) return false;
    if (found->mounted == nullptr) return found->options.chunk;
    return mounted.found == http::Router::Found::route && mounted.route->body == http::Body::streamed;
  }
};

/// Wookie's *state*: what all listeners of a thread share (WK-003).
struct wookie_state {
  std::vector<std::shared_ptr<const route>> routes;  // by descending priority
  std::vector<std::pair<hook, hook_callback>> hooks;
  std::vector<error_handler> error_handlers;

  static wookie_state& current();

  /// The first route from the `from`-th on that fits; `from` is moved behind it.
  [[nodiscard]] route_match find(request& of, std::size_t& from) const;
  void run_hooks(hook kind, const request& of, response& to) const;
};

/// How next_route leaves a handler. No std::exception, so that handlers which catch those let it pass.
struct next_route_signal {};

}  // namespace antiphon::cl_async_style
