#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/cl_async_style/http/errors.hpp"
#include "antiphon/cl_async_style/http/hooks.hpp"
#include "antiphon/cl_async_style/http/response.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::cl_async_style {

/// The methods of a route (WK-031): "GET", {"PUT", "DELETE"}, or "*" for any. Small letters stand for
/// capitals.
class route_methods {
 public:
  route_methods(const char* one) : route_methods(std::string_view(one)) {}
  route_methods(const std::string& one) : route_methods(std::string_view(one)) {}
  route_methods(std::string_view one);
  route_methods(std::initializer_list<std::string_view> several);

  [[nodiscard]] bool fits(std::string_view method) const noexcept { return names_.empty() || names(method); }
  /// The same set.
  [[nodiscard]] bool operator==(const route_methods&) const = default;

 private:
  [[nodiscard]] bool names(std::string_view method) const noexcept;
  std::vector<std::string> names_;  // sorted; none: any
};

using route_args = std::vector<std::string_view>;
/// `args`: what the resource's groups matched (WK-032); views into the request's path.
using route_handler = std::function<void(request&, response&, const route_args& args)>;

struct defroute_options {
  bool regex = true;           ///< false: the resource is the path itself (WK-033)
  bool case_sensitive = true;  ///< of a regex
  bool chunk = false;  ///< the handler runs at the end of the head and takes the body piece by piece (WK-044)
  /// With chunk: pieces that come before with_chunking was called are kept for it (WK-064). False: they are
  /// left with the client until then.
  bool buffer_body = true;
  bool suppress_100 = false;  ///< the handler answers Expect: 100-continue itself (WK-070)
  bool replace = true;        ///< takes the place of a route of the same methods, resource and vhost (WK-036)
  std::string vhost{};        ///< only for this Host, with or without port (WK-037); empty: default_vhost
  int priority = 0;           ///< higher ones are tried first; equal ones in the order of definition (WK-035)
};

/// Adds a route for the listeners of this thread (WK-003, WK-030). A regex, in Perl's syntax, must match the
/// whole decoded path (WK-032; alternatives are grouped, unlike upstream). Without a route for HEAD the one
/// for GET is taken (unlike upstream, WK-046). Throws std::invalid_argument for a resource that is no regex.
void defroute(const route_methods& method, std::string_view resource, route_handler handler,
              defroute_options options = {});
void clear_routes();
/// Removes the routes of those methods and that resource (WK-040); returns how many.
std::size_t clear_route(const route_methods& method, std::string_view resource);

/// In a handler, before anything is sent: hands the request to the next route that fits, or answers 404
/// (WK-038). Leaves the handler by an exception that is not to be caught there.
[[noreturn]] void next_route();

/// Serves a router of the shared kind: one route for everything, below all others. The router must outlive
/// its use.
void mount(const http::Router& router);

}  // namespace antiphon::cl_async_style
