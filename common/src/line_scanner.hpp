#pragma once

#include <cstddef>
#include <string_view>

namespace antiphon::http {

/// Watches the line ends of a request's framing octets (head, chunk-size lines, trailers) before llhttp sees them.
///
/// llhttp 8.1 takes a bare LF, and in places a bare CR, for a line end; RFC 9112, 2.2 lets a server refuse both, and
/// servers that differ in this can be played against each other. Keeps its place over any segmentation.
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

  /// Goes to the empty line that ends a head. Empty lines before the first line do not count (RFC 9112, 2.2).
  Result head(std::string_view octets) noexcept;
  /// Only that CR and LF come in pairs.
  [[nodiscard]] bool paired(std::string_view octets) noexcept;
  /// The request line is complete.
  [[nodiscard]] bool past_first_line() const noexcept { return lines_ > 0; }
  void reset() noexcept { *this = LineScanner(); }

 private:
  std::size_t line_size_ = 0;
  std::size_t lines_ = 0;
  bool after_cr_ = false;
};

}  // namespace antiphon::http
