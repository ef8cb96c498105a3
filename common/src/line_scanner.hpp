#pragma once

#include <cstddef>
#include <string_view>

namespace antiphon::http {

/// Watches the line ends of a request's framing octets (head, chunk-size lines, trailers) before llhttp sees
/// them.
///
/// llhttp 8.1 takes a bare LF, and in places a bare CR, for a line end; RFC 9112, 2.2 lets a server refuse
/// both, and servers that differ in this can be played against each other. Keeps its place over any
/// segmentation.
class LineScanner {
 public:
  enum class Verdict {
    more,  ///< all octets are in order
    end,   ///< an empty line ends here: `size` octets are in order and complete
    bad,   ///< after `size` octets the next one is out of order
  };
  struct Result {
    Verdict verdict;
    std::size_t size;
  };

  /// Goes to the empty line that ends a head. Empty lines before the first line do not count (RFC 9112, 2.2);
  /// that line has exactly two spaces, apart from each other (RFC 9112, 3).
  Result head(std::string_view octets) noexcept;
  /// Only that CR and LF come in pairs.
  [[nodiscard]] bool paired(std::string_view octets) noexcept;
  /// The request line is complete.
  [[nodiscard]] bool past_first_line() const noexcept { return lines_ > 0; }
  void reset() noexcept { *this = LineScanner(); }

 private:
  /// Looks at a further piece of the request line; where a space is out of place, or npos.
  [[nodiscard]] std::size_t misplaced_space(std::string_view piece) noexcept;

  std::size_t line_size_ = 0;
  std::size_t lines_ = 0;
  std::size_t spaces_ = 0;  // of the request line
  bool after_cr_ = false;
  bool after_space_ = false;
};

}  // namespace antiphon::http
