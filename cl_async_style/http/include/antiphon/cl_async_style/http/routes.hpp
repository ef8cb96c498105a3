#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/cl_async_style/http/response.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::cl_async_style {

/// `args`: what the resource's groups matched (WK-032); views into the request's path.
using route_handler =
    std::function<void(const request&, response&, const std::vector<std::string_view>& args)>;

struct defroute_options {
  bool regex = true;           ///< false: the resource is the path itself (WK-033)
  bool case_sensitive = true;  ///< of a regex
  bool chunk = false;  ///< the handler runs at the end of the head and takes the body piece by piece (WK-044)
  bool suppress_100 = false;  ///< the handler answers Expect: 100-continue itself (WK-070)
  bool replace = true;        ///< takes the place of a route of the same method, resource and vhost (WK-036)
  std::string vhost{};        ///< only for this Host, with or without port (WK-037)
  int priority = 0;           ///< higher ones are tried first; equal ones in the order of definition (WK-035)
};

/// Adds a route for the listeners of this thread (WK-003, WK-030). `method`: "GET", or "*" for any. A regex
/// must match the whole decoded path (WK-032; alternatives are grouped, unlike upstream). Throws
/// std::regex_error.
void defroute(std::string_view method, std::string_view resource, route_handler handler,
              defroute_options options = {});
void clear_routes();
/// Removes the routes of that method and resource; returns how many.
std::size_t clear_route(std::string_view method, std::string_view resource);

/// In a handler, before anything is sent: hands the request to the next route that fits, or answers 404
/// (WK-038). Leaves the handler by an exception that is not to be caught there.
[[noreturn]] void next_route();

/// Serves a router of the shared kind: one route for everything, below all others. The router must outlive
/// its use.
void mount(const http::Router& router);

/// What happens around a request, in this order (WK-050).
enum class hook { pre_route, post_route, parsed_headers, body_complete, response_started };
using hook_callback = std::function<void(const request&, response&)>;
/// Hooks of one kind run in the order in which they were added (WK-053). One that throws stops the step it
/// stands before and is answered with 500 (WK-055).
void add_hook(hook kind, hook_callback callback);
void clear_hooks();

/// Gets errors before the default answers (404 for route_not_found, else 500) are given; true: it has
/// answered.
using error_handler = std::function<bool(const std::exception&, const request&, response&)>;
void add_error_handler(error_handler handler);
void clear_error_handlers();

}  // namespace antiphon::cl_async_style
