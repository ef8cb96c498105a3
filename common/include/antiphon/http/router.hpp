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
  bool length_required = false;  ///< a body of unannounced length is refused: 411 (RFC 9110, 15.5.12)
};

struct Route {
  std::string method;
  std::vector<std::string> segments;  ///< of the pattern; "{name}" stands for any one segment
  Handler handler;
  Body body = Body::buffered;
  bool length_required = false;
};

/// Finds the handler for a method and a path. Filled once, then only read: find() allocates nothing and may
/// be called from several threads.
class Router {
 public:
  /// `pattern`: "/", "/bytes/{n}". A second route of the same method and pattern is an error
  /// (std::invalid_argument).
  Router& add(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options = {});

  enum class Found {
    route,
    no_such_path,        ///< 404
    method_not_allowed,  ///< 405 with Allow
    options,             ///< OPTIONS of a path that has no route for it, or of "*": 200 with Allow
    length_required,     ///< 411
  };
  struct Match {
    Found found = Found::no_such_path;
    const Route* route = nullptr;  ///< if found
    std::string_view allow;        ///< for method_not_allowed and options: "GET, HEAD, OPTIONS"
  };
  /// Sets the request's params if a route is found. HEAD falls back to GET (RFC 9110, 9.3.2).
  [[nodiscard]] Match find(Request& request) const;

 private:
  struct Path {
    std::string literal;  // of the pattern what stands before its first parameter
    bool whole = true;    // that is all of it
    std::vector<std::string> segments;
    std::vector<Route> routes;
    std::string allow;
  };
  [[nodiscard]] Match find_any(Request& request) const;

  std::vector<Path> paths_;
  std::string allow_any_;  // what "OPTIONS *" is told
};

/// Answers what Router::find did not find a route for.
void respond_not_found(const Router::Match& match, Exchange& exchange);

}  // namespace antiphon::http
