#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "antiphon/http/exchange.hpp"
#include "antiphon/http/request.hpp"

namespace antiphon::http {

/// How a route wants the request's body.
enum class Body {
  buffered,  ///< the handler runs when it is complete; Request::body() has it all
  streamed,  ///< the handler runs at the end of the head and takes it through Exchange::on_body
};

struct RouteOptions {
  Body body = Body::buffered;
};

struct Route {
  std::string method;
  std::vector<std::string> segments;  ///< of the pattern; "{name}" stands for any one segment
  Handler handler;
  Body body = Body::buffered;
};

/// Finds the handler for a method and a path. Filled once, then only read: find() allocates nothing and may
/// be called from several threads.
class Router {
 public:
  /// `pattern`: "/", "/bytes/{n}". A second route of the same method and pattern is an error
  /// (std::invalid_argument).
  Router& add(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options = {});

  enum class Found { route, no_such_path, method_not_allowed };
  struct Match {
    Found found = Found::no_such_path;
    const Route* route = nullptr;  ///< if found
    std::string_view allow;        ///< for method_not_allowed: "GET, HEAD"
  };
  /// Sets the request's params if a route is found. HEAD falls back to GET.
  [[nodiscard]] Match find(Request& request) const;

 private:
  struct Path {
    std::vector<std::string> segments;
    std::vector<Route> routes;
    std::string allow;
  };
  std::vector<Path> paths_;
};

/// Answers what Router::find did not find: 404, or 405 with Allow.
void respond_not_found(const Router::Match& match, Exchange& exchange);

}  // namespace antiphon::http
