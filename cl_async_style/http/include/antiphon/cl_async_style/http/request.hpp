#pragma once

#include <any>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style/socket.hpp"
#include "antiphon/http/request.hpp"

namespace antiphon::cl_async_style {

class conversation;
class response;

/// What a request says, and what hooks, plugins and the handler keep with it. Fresh for each request (trap
/// T12, WK-023). Belongs to its connection: valid until its answer was sent and the callback under way has
/// returned.
class request : public http::Request {
 private:
  friend class conversation;
  friend socket& request_socket(const request& of) noexcept;
  friend response& request_response(const request& of) noexcept;
  friend std::any& request_data(request& of) noexcept;
  friend bool& request_store_body(request& of) noexcept;
  friend std::any& plugin_request_data(std::string_view plugin, request& of);
  friend const std::any* plugin_request_data(std::string_view plugin, const request& of) noexcept;

  void forget() noexcept {
    clear();
    data_.reset();
    plugin_data_.clear();
    store_body_ = true;
  }

  socket* socket_ = nullptr;
  response* response_ = nullptr;
  std::any data_;
  std::vector<std::pair<std::string_view, std::any>> plugin_data_;
  bool store_body_ = true;
};

[[nodiscard]] inline socket& request_socket(const request& of) noexcept {
  return *of.socket_;
}
/// The answer to it, for hooks that are handed the request alone.
[[nodiscard]] inline response& request_response(const request& of) noexcept {
  return *of.response_;
}
[[nodiscard]] inline std::string_view request_method(const request& of) noexcept {
  return of.method();
}
/// As it stood in the request line, with the query.
[[nodiscard]] inline std::string_view request_resource(const request& of) noexcept {
  return of.target();
}
/// Repeated fields stay apart (unlike upstream, WK-025, trap T8).
[[nodiscard]] inline const http::Headers& request_headers(const request& of) noexcept {
  return of.headers();
}
/// The collected body (WK-061); empty before it is complete, and if it is not stored.
[[nodiscard]] inline std::string_view request_body(const request& of) noexcept {
  return of.body();
}
struct request_uri_parts {
  std::string_view path;   ///< decoded
  std::string_view query;  ///< as it stood, without '?'
};
[[nodiscard]] inline request_uri_parts request_uri(const request& of) noexcept {
  return {of.path(), of.query()};
}
/// A place for the application's own; empty at first.
[[nodiscard]] inline std::any& request_data(request& of) noexcept {
  return of.data_;
}
/// Whether the body is collected (WK-061); to be set in a :parsed_headers hook.
[[nodiscard]] inline bool& request_store_body(request& of) noexcept {
  return of.store_body_;
}
[[nodiscard]] inline socket& get_socket(const request& of) noexcept {
  return request_socket(of);
}

}  // namespace antiphon::cl_async_style
