#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace antiphon::http {

/// What may not be exceeded; each has its own answer (RFC 9110, 15.5).
struct ParserLimits {
  std::size_t head = 16 * 1024;      ///< octets of request line and fields together: 431
  std::size_t target = 8 * 1024;     ///< octets of the request target: 414
  std::size_t fields = 100;          ///< header fields: 431
  std::uint64_t body = 100'000'000;  ///< octets of the body, announced or received: 413
};

/// What is known when the head of a request is complete, beside target and fields.
struct MessageHead {
  std::string_view method;
  unsigned version_major = 1;
  unsigned version_minor = 1;
  bool keep_alive = true;
  /// Octets of the body; none if it is chunked; 0 without a body.
  std::optional<std::uint64_t> content_length = 0;
  bool expects_continue = false;
};

/// Is told what a request consists of, in this order: on_url, on_header*, on_headers_complete, on_body*,
/// on_message_complete. Target, names and values come whole, however the octets were cut (traps T1, T10).
/// Views are valid only during the call.
class RequestParserListener {
 public:
  virtual void on_url(std::string_view target) = 0;
  virtual void on_header(std::string_view name, std::string_view value) = 0;
  virtual void on_headers_complete(const MessageHead& head) = 0;
  /// Never empty. Chunked coding is already taken off.
  virtual void on_body(std::span<const std::byte> octets) = 0;
  virtual void on_message_complete() = 0;

 protected:
  ~RequestParserListener() = default;
};

enum class ParseStatus {
  need_more,         ///< all octets were taken; the message is not complete
  message_complete,  ///< one message is complete; `consumed` tells where the next begins
  paused,            ///< pause() was called in a callback; feed the rest after resume()
  malformed,         ///< `error` says why; the parser takes nothing more until reset()
};

struct ParseError {
  unsigned status = 400;    ///< the answer that fits
  std::string_view reason;  ///< static text; empty: no error
};
[[nodiscard]] constexpr bool failed(const ParseError& error) noexcept {
  return !error.reason.empty();
}

struct ParseResult {
  ParseStatus status = ParseStatus::need_more;
  std::size_t consumed = 0;
  ParseError error;
};

/// An HTTP/1 request parser: octets in, calls of the listener out; no I/O. llhttp, held to the letter of RFC
/// 9112: it gets whole lines of a head that are known to keep to the grammar of targets and fields, with no
/// lenient line ends and at most a few empty lines in front, and a body whose chunk sizes, extensions and
/// trailers do. Host and the fields that frame the message are checked together. HTTP/1.2 and above are read
/// as 1.1 (RFC 9110, 2.5).
///
/// Any segmentation of the octets gives the same calls and the same error, but for the cutting of body
/// pieces. Allocates only while a line is split over two feeds. Not thread-safe; the listener must outlive
/// it. Do not call feed() inside a callback.
class RequestParser {
 public:
  explicit RequestParser(RequestParserListener& listener, const ParserLimits& limits = {});
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;
  ~RequestParser();

  /// Takes octets up to the end of one message at most.
  ParseResult feed(std::span<const std::byte> octets);
  /// The peer's end of data: malformed if it stands inside a message.
  ParseResult finish();

  /// In a callback: feed() returns `paused` behind this event, before any other.
  void pause() noexcept;
  void resume() noexcept;
  /// In a callback: no further callback; feed() returns `malformed` with this error (trap T3).
  void stop(ParseError error) noexcept;
  /// Ready for the first octet of a message, as new.
  void reset() noexcept;
  /// The same for another listener, so that one parser serves one connection after the other.
  void reset(RequestParserListener& listener) noexcept;

  /// True between the first octet of a message and its end.
  [[nodiscard]] bool in_message() const noexcept;
  /// The method of this message, or of the last one that was complete, is HEAD, as far as it was read: an
  /// error is answered without a body.
  [[nodiscard]] bool is_head() const noexcept;

 private:
  struct Impl;
  alignas(8) std::array<std::byte, 1024> storage_;
  Impl& impl() noexcept;
  const Impl& impl() const noexcept;
};

}  // namespace antiphon::http
