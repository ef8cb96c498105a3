#pragma once

#include <optional>
#include <string_view>

#include "antiphon/cl_async_style/conditions.hpp"
#include "antiphon/http/exchange.hpp"
#include "antiphon/http/request.hpp"

namespace antiphon::cl_async_style {

using request = http::Request;

/// The answer to one request: what a route's handler is given to answer with. Also the Exchange of the shared
/// app. Belongs to its connection and is gone when the answer is finished or the client is.
class response : public http::Exchange {
 public:
  using http::Exchange::respond;
  using http::Exchange::write;
  /// Something of it was sent already.
  [[nodiscard]] virtual bool started() const noexcept = 0;
  /// The connection ends behind this response.
  virtual void close_after() = 0;
};

/// A second answer to one request (WK-081).
class response_already_sent : public event_error {
 public:
  using event_error::event_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "response-already-sent"; }
};
/// No route fits (WK-045). Handed to the error handlers, which answer 404 by default.
class route_not_found : public event_error {
 public:
  using event_error::event_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "route-not-found"; }
};

struct send_response_options {
  unsigned status = 200;
  std::initializer_list<http::Field> headers{};
  std::string_view body{};
  std::optional<bool> close{};  ///< true: the connection ends behind it (WK-100)
};

/// The whole answer (WK-080). Throws response_already_sent.
void send_response(response& to, const send_response_options& options);
/// Status and headers; the body follows in chunks (WK-089). Throws response_already_sent.
void start_response(response& to, unsigned status = 200, std::initializer_list<http::Field> headers = {});
/// A piece of the body; pace it by `writable` and `on_writable`.
void write_response(response& to, std::string_view octets);
/// The end of a started answer (WK-090).
void finish_response(response& to, std::optional<bool> close = std::nullopt);

/// In a route with {.chunk = true}: gets each piece of the request's body, the last time with last = true
/// (WK-062, WK-063).
void with_chunking(response& of, http::Exchange::BodyCallback callback);

}  // namespace antiphon::cl_async_style
