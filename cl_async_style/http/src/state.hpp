#pragma once

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "antiphon/cl_async_style/http/config.hpp"
#include "antiphon/cl_async_style/http/plugins.hpp"
#include "antiphon/cl_async_style/http/routes.hpp"
#include "antiphon/http/router.hpp"
#include "resource_pattern.hpp"

namespace antiphon::cl_async_style {

struct route {
  route_methods methods;
  std::string resource;
  route_handler handler;
  defroute_options options;
  std::optional<resource_pattern> pattern{};
  const http::Router* mounted = nullptr;  ///< then it stands for a whole router
};

/// What a request was found to be for.
struct route_match {
  std::shared_ptr<const route> found;
  http::Router::Match mounted;
  route_args args;
  /// Keeps the memory for the next one.
  void clear() noexcept {
    found.reset();
    mounted = {};
    args.clear();
  }
  [[nodiscard]] bool chunk() const noexcept {
    if (!found) return false;
    if (found->mounted == nullptr) return found->options.chunk;
    return mounted.found == http::Router::Found::route && mounted.route->body == http::Body::streamed;
  }
};

struct known_error_handler {
  const detail::error_class* kind;
  error_handler handler;
};

/// Wookie's *state*: what all listeners of a thread share (WK-003).
struct wookie_state {
  std::vector<std::shared_ptr<const route>> routes;  // by descending priority
  detail::hook_table hooks;
  shared_list<known_error_handler> error_handlers;  // most specific class first
  wookie_config config;
  std::vector<plugin> known_plugins;
  std::vector<std::string> loaded_plugins;  // in the order of loading
  std::map<std::string, std::any, std::less<>> plugin_configs;

  static wookie_state& current();

  /// Sets `match` to the first route from the `from`-th on that fits; `from` is moved behind it.
  void find(request& of, std::size_t& from, route_match& match) const;

  template <std::size_t Index, typename Signature>
  [[nodiscard]] bool has(hook_kind<Index, Signature>) const noexcept {
    return !std::get<Index>(hooks).empty();
  }
  /// Starts all hooks of a kind (WK-054). Finished if none waits; throws what one throws.
  template <std::size_t Index, typename... Args>
  promise run(hook_kind<Index, promise(Args...)>, std::type_identity_t<Args>... args) const {
    const auto list = std::get<Index>(hooks).get();
    if (!list) return {};
    std::vector<promise> waiting;
    for (const auto& each : *list) {
      promise one = each.call(args...);
      if (!one.finished())
        waiting.push_back(std::move(one));
      else if (one.error())
        std::rethrow_exception(one.error());
    }
    if (waiting.size() <= 1) return waiting.empty() ? promise() : waiting.front();
    return all(waiting);
  }
};

/// How next_route leaves a handler. No std::exception, so that handlers which catch those let it pass.
struct next_route_signal {};

}  // namespace antiphon::cl_async_style
