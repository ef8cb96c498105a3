#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "antiphon/http/date_cache.hpp"
#include "antiphon/http/response.hpp"

namespace antiphon::http {

class Request;

/// What became of a piece of a response.
enum class WriteResult {
  written,
  too_much,  ///< more octets than the Content-Length announced; the rest was dropped, the connection must be
             ///< closed
  too_little,    ///< fewer at finish(); the connection must be closed without more
  bad_field,     ///< a status that is not final, a name that is no token, a value with a control octet:
                 ///< nothing was written
  out_of_order,  ///< body before head, a second head, anything after finish(): nothing was written
};

/// Turns one response after another into octets: status line, fields, framing. Pure: appends to a string of
/// the caller's.
///
/// Adds Date, Content-Length or Transfer-Encoding, and Connection as the request's version needs; leaves the
/// body away for HEAD, 204 and 304. A client of HTTP/1.0 gets an unannounced length ended by the close.
/// Allocates nothing but what the output string needs. A DateCache may be shared by all writers of a thread.
class ResponseWriter {
 public:
  explicit ResponseWriter(DateCache& date) noexcept : date_(&date) {}

  /// Begins the answer to a request. `keep_alive`: what the server wants; the request's own wish is honoured
  /// beside it.
  void begin(const Request& request, bool keep_alive = true) noexcept;
  /// Begins the answer to something that never became a request; the connection closes behind it. `to_head`:
  /// its method was HEAD, so the answer has no body (RFC 9110, 9.3.2).
  void begin_error(bool to_head = false) noexcept;

  /// The whole response.
  WriteResult respond(const ResponseView& response, std::string& out);
  /// Status line and fields; with a length exactly that many octets of body follow.
  WriteResult head(unsigned status, std::span<const Field> fields, std::optional<std::uint64_t> length,
                   std::string& out);
  WriteResult body(std::string_view octets, std::string& out);
  WriteResult finish(std::string& out);
  /// From now on the connection is not kept; before head() it is also said so.
  void close_after() noexcept { keep_alive_ = false; }

  [[nodiscard]] bool started() const noexcept { return state_ != State::idle; }
  [[nodiscard]] bool finished() const noexcept { return state_ == State::finished; }
  /// Of a finished response: the connection may carry another request.
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
  [[nodiscard]] unsigned status() const noexcept { return status_; }
  /// Octets of the body so far, without framing.
  [[nodiscard]] std::uint64_t body_octets() const noexcept { return body_; }
  /// The interim response that invites the body (RFC 9110, 10.1.1).
  static constexpr std::string_view continue_100 = "HTTP/1.1 100 Continue\r\n\r\n";

 private:
  enum class State { idle, body, finished };
  enum class Framing { none, length, chunked, close };

  bool is_to_be_told(const Field& field) noexcept;
  WriteResult compose(unsigned status, std::span<const Field> fields, std::optional<std::uint64_t> length,
                      std::string_view body, std::string& out);

  DateCache* date_;
  std::uint64_t left_ = 0;
  std::uint64_t body_ = 0;
  unsigned status_ = 0;
  State state_ = State::idle;
  Framing framing_ = Framing::none;
  bool keep_alive_ = true;
  bool head_request_ = false;
  bool http_1_0_ = false;
  bool upgrade_ = false;  // a field says what the client may go over to
};

}  // namespace antiphon::http
