#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "antiphon/http/parser.hpp"

namespace antiphon::http {

/// Watches the lines of a request's head before llhttp sees them.
///
/// llhttp 8.1 takes a bare LF, and in places a bare CR, for a line end, tabs and octets above 127 in a
/// target, and folded lines. RFC 9112 lets a server refuse them all (2.2, 3, 5.2), and servers that differ in
/// this can be played against each other. Keeps its place over any segmentation; a fault is found at the same
/// octet in all.
class HeadScanner {
 public:
  enum class Verdict {
    more,  ///< all octets are in order
    end,   ///< an empty line ends here: `size` octets are in order and complete
    bad,   ///< after `size` octets the next one is out of order: `error`
  };
  struct Result {
    Verdict verdict = Verdict::more;
    std::size_t size = 0;
    ParseError error{};
  };

  explicit HeadScanner(std::size_t most_target) noexcept : most_target_(most_target) {}

  /// Goes to the empty line that ends a head. Empty lines before the request line do not count (RFC 9112,
  /// 2.2).
  [[nodiscard]] Result scan(std::string_view octets) noexcept;
  /// An octet of the request line was seen.
  [[nodiscard]] bool begun() const noexcept { return state_ > State::before_lf; }
  /// The request line is complete.
  [[nodiscard]] bool past_request_line() const noexcept { return state_ >= State::line_start; }
  void reset() noexcept { *this = HeadScanner(most_target_); }

 private:
  enum class State : std::uint8_t {
    before,           // empty lines
    before_lf,        // the LF of one
    method,           // token, then one space
    target,           // visible ASCII, then one space
    version,          // HTTP/1.x, then CR
    request_line_lf,  // the LF behind it
    line_start,       // a field or the end
    field,            // up to its CR
    field_lf,         // the LF behind it
    end_lf,           // the last one
  };

  [[nodiscard]] ParseError version(char c) noexcept;

  std::size_t most_target_;
  std::size_t size_ = 0;  // of the part of the request line that the state names
  State state_ = State::before;
  char major_ = 0;
};

}  // namespace antiphon::http
