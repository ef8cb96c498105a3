#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "antiphon/http/headers.hpp"
#include "antiphon/http/parser.hpp"

namespace antiphon::http {

/// Finds the orderly lines of a request's head, which llhttp then reads.
///
/// llhttp 8.1 takes a bare LF, and in places a bare CR, for a line end, tabs and octets above 127 in a
/// target, and folded lines. RFC 9112 lets a server refuse them all (2.2, 3, 5.2), and servers that differ in
/// this can be played against each other. What comes out here keeps to the grammar: names are tokens, values
/// have no control octets; nobody has to look at their octets again. Keeps its place over any segmentation; a
/// fault is found at the same octet in all.
class HeadScanner {
 public:
  enum class Found : std::uint8_t {
    more,          ///< all octets are in order; the head goes on
    request_line,  ///< line() is complete
    fields,        ///< as many as are told at once
    end,           ///< the empty line that ends the head
    bad,           ///< the octet at size() is out of order: error()
  };

  /// More empty lines than these are no slip of a client that ended its last body with one.
  static constexpr unsigned most_empty_lines = 4;
  static constexpr std::size_t most_fields = 8;

  explicit HeadScanner(std::size_t most_target) noexcept : most_target_(most_target) {}

  /// Goes on to the next of these; empty lines before the request line do not count (RFC 9112, 2.2). Then
  /// size() octets, which are whole lines, are done with: the rest is to come again, after `more` with what
  /// follows.
  [[nodiscard]] Found next(std::string_view text) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Those that stand in front of what was found, values without the white space around them.
  [[nodiscard]] std::span<const Field> fields() const noexcept {
    return std::span(fields_).first(field_count_);
  }
  /// Their lines, whole.
  [[nodiscard]] std::string_view field_lines() const noexcept { return field_lines_; }
  [[nodiscard]] std::string_view line() const noexcept { return line_; }
  [[nodiscard]] const ParseError& error() const noexcept { return error_; }

  /// The method is HEAD; known as soon as it was seen, whether or not its line is in order.
  [[nodiscard]] bool is_head() const noexcept { return is_head_; }
  /// An octet of the request line was seen.
  [[nodiscard]] bool begun() const noexcept { return part_ > Part::empty_lines; }
  /// The request line is complete.
  [[nodiscard]] bool past_request_line() const noexcept { return part_ >= Part::line_start; }
  void reset() noexcept {
    part_ = Part::empty_lines;
    empty_lines_ = 0;
    at_ = 0;
    field_count_ = 0;
    is_head_ = false;
  }

 private:
  enum class Part : std::uint8_t {
    empty_lines,
    method,      // token, then one space
    target,      // visible ASCII, then one space
    version,     // HTTP/1.x, CR, LF
    line_start,  // a field or the end
    name,        // token, then a colon
    value,       // up to its CR, LF
  };

  /// What is found behind `lines` octets of whole lines.
  Found found(Found what, std::size_t lines) noexcept {
    size_ = lines;
    return what;
  }
  Found bad(std::size_t at, ParseError error) noexcept {
    error_ = error;
    return found(Found::bad, at);
  }
  /// Of the line behind these, `at` octets are in order, and it goes on.
  Found wait(std::size_t lines, Part part, std::size_t at) noexcept {
    part_ = part;
    at_ = at;
    return found(Found::more, lines);
  }
  Found request_line(std::string_view text) noexcept;
  Found version(std::string_view line, std::size_t lines) noexcept;
  Found find_fields(std::string_view text) noexcept;

  std::size_t most_target_;
  std::size_t at_ = 0;         // octets of the line that are in order
  std::size_t name_size_ = 0;  // of the method, or of a field's name
  std::size_t size_ = 0;
  std::size_t field_count_ = 0;
  std::array<Field, most_fields> fields_;
  std::string_view line_;
  std::string_view field_lines_;
  ParseError error_;
  unsigned empty_lines_ = 0;
  bool is_head_ = false;
  Part part_ = Part::empty_lines;
};

}  // namespace antiphon::http
