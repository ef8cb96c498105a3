#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include "antiphon/cl_async_style/http/errors.hpp"
#include "antiphon/cl_async_style/http/request.hpp"
#include "antiphon/http/exchange.hpp"

namespace antiphon::cl_async_style {

/// The answer to one request: what a route's handler is given to answer with. Also the Exchange of the shared
/// app. Belongs to its connection and is gone when the answer is finished or the client is; take a
/// response_handle to answer from a callback of your own.
class response : public http::Exchange {
 public:
  using http::Exchange::respond;
  using http::Exchange::write;
  /// Something of it was sent already, or waits only for :response-started hooks.
  [[nodiscard]] virtual bool started() const noexcept = 0;
  [[nodiscard]] virtual bool finished() const noexcept = 0;
  /// The connection ends behind this response.
  virtual void close_after() = 0;
  /// Invites the body now (WK-073). Nothing if the client does not wait for it or was invited already.
  virtual void send_100_continue() = 0;

 private:
  friend class response_handle;
  friend request& response_request(response& of) noexcept;
  friend http::Headers& response_headers(response& of) noexcept;
  virtual request& own_request() noexcept = 0;
  virtual http::Headers& own_headers() noexcept = 0;
  virtual std::weak_ptr<response> own_reference() noexcept = 0;
  [[nodiscard]] virtual std::size_t exchange() const noexcept = 0;
};

[[nodiscard]] inline request& response_request(response& of) noexcept {
  return of.own_request();
}
/// Fields that every answer to this request has, before those that the answer itself names (WK-083). A
/// repeated name gives several lines.
[[nodiscard]] inline http::Headers& response_headers(response& of) noexcept {
  return of.own_headers();
}
[[nodiscard]] inline bool response_finished_p(const response& of) noexcept {
  return of.finished();
}
[[nodiscard]] inline socket& get_socket(response& of) noexcept {
  return request_socket(response_request(of));
}

/// Keeps hold of a response beyond the call, for an answer from a callback that the library does not drop
/// when the client goes: a delay, a notifier.
class response_handle {
 public:
  response_handle() = default;
  explicit response_handle(response& of) : who_(of.own_reference()), exchange_(of.exchange()) {}
  /// The response, if it can still be answered. Throws streamish_closed if the client is gone (WK-082),
  /// response_already_sent if it has its answer.
  [[nodiscard]] response& get() const;

 private:
  std::weak_ptr<response> who_;
  std::size_t exchange_ = 0;
};

struct send_response_options {
  unsigned status = 200;
  std::initializer_list<http::Field> headers{};
  std::string_view body{};  ///< octets; text is to be UTF-8 (WK-085)
  /// true: the connection ends behind it (WK-100). Otherwise the request decides (RFC 9112, 9.3): an answer
  /// cannot keep what the client wants closed.
  std::optional<bool> close{};
};

/// The whole answer (WK-080), with Content-Length (WK-084) and without a body where HTTP has none: HEAD, 204,
/// 304 (unlike upstream, WK-046, WK-087). A field with CR, LF or NUL makes it a 500 (unlike upstream,
/// WK-088). Throws response_already_sent (WK-081), streamish_closed (WK-082).
void send_response(response& to, const send_response_options& options);
/// Status and headers; the body follows in chunks (WK-089), or up to the connection's end for a client of
/// HTTP/1.0 (unlike upstream, WK-092). Throws as send_response does.
void start_response(response& to, unsigned status = 200, std::initializer_list<http::Field> headers = {});
/// A piece of the body, one chunk (WK-090); pace it by `writable` and `on_writable`.
void write_response(response& to, std::string_view octets);
/// The end of a started answer (WK-090). Another request of the client waits for it (unlike upstream,
/// WK-091).
void finish_response(response& to, std::optional<bool> close = std::nullopt);
void send_100_continue(response& to);

struct with_chunking_options {
  bool store_body = false;  ///< collect it as request_body too (WK-062)
};
/// In a route with {.chunk = true}: gets each piece of the request's body, the last time with last = true and
/// an empty piece (WK-062, WK-063). What came before is told now as one piece (WK-064).
void with_chunking(request& of, http::Exchange::BodyCallback fn, with_chunking_options options = {});
void with_chunking(response& of, http::Exchange::BodyCallback fn, with_chunking_options options = {});

}  // namespace antiphon::cl_async_style
