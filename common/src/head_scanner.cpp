#include "head_scanner.hpp"

#include "char_rules.hpp"
#include "field_rules.hpp"
#include "octet_blocks.hpp"

namespace antiphon::http {

namespace {

// RFC 9112, 3: a longer one than any that is known is a method not implemented.
constexpr std::size_t longest_method = 32;

constexpr ParseError malformed_line{400, "malformed request line"};
constexpr ParseError malformed_version{400, "malformed HTTP version"};
constexpr ParseError malformed_name{400, "a header field's name is no token"};
constexpr ParseError malformed_value{400, "a header field's value has a control octet"};
constexpr ParseError bare_line_end{400, "a line of the head does not end in CR LF"};

}  // namespace

/// "HTTP/1.x" and the line's end, from `at_`.
HeadScanner::Found HeadScanner::version(std::string_view line, std::size_t lines) noexcept {
  constexpr std::string_view usual = "HTTP/1.1\r\n";
  constexpr std::size_t major = 5;
  constexpr std::size_t minor = 7;
  constexpr std::size_t cr = 8;
  const std::string_view rest = line.substr(at_);
  if (!rest.starts_with(usual)) {
    for (std::size_t i = 0; i < usual.size(); ++i) {
      if (i == rest.size()) return wait(lines, Part::version, at_);
      const bool fits = i == major || i == minor ? is_digit(rest[i]) : rest[i] == usual[i];
      if (!fits) return bad(lines + at_ + i, i > cr ? bare_line_end : malformed_version);
      if (i == cr && rest[major] != '1')
        return bad(lines + at_ + i, {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"});
    }
  }
  line_ = line.substr(0, at_ + usual.size());
  part_ = Part::line_start;
  at_ = 0;
  return found(Found::request_line, lines + line_.size());
}

/// The parts stand in the order in which a line has them, so that one falls into the next.
HeadScanner::Found HeadScanner::request_line(std::string_view text) noexcept {
  std::size_t lines = 0;
  std::size_t at = at_;
  switch (part_) {
    case Part::empty_lines:
      while (lines < text.size() && text[lines] == '\r') {
        if (empty_lines_ == most_empty_lines)
          return bad(lines, {400, "too many empty lines before the request line"});
        if (lines + 1 == text.size()) return wait(lines, part_, 0);
        if (text[lines + 1] != '\n') return bad(lines + 1, malformed_line);
        ++empty_lines_;
        lines += 2;
      }
      text.remove_prefix(lines);
      if (text.empty()) return wait(lines, part_, 0);
      [[fallthrough]];
    case Part::method:
      for (; at < text.size() && is_token_char(text[at]); ++at)
        if (at == longest_method) return bad(lines + at, {501, "unknown method"});
      if (at == text.size()) return wait(lines, Part::method, at);
      if (text[at] != ' ' || at == 0) return bad(lines + at, malformed_line);
      is_head_ = text.substr(0, at) == "HEAD";
      name_size_ = at++;
      [[fallthrough]];
    case Part::target: {
      const std::size_t begin = name_size_ + 1;
      at = blocks::run_end<blocks::VisibleOctets>(text, at);
      if (at - begin > most_target_)
        return bad(lines + begin + most_target_, {414, "the request target is too long"});
      if (at == text.size()) return wait(lines, Part::target, at);
      if (text[at] != ' ' || at == begin) return bad(lines + at, malformed_line);
      at_ = at + 1;
      [[fallthrough]];
    }
    default:
      return version(text, lines);
  }
}

/// Usual octets are looked at by blocks, the others of a name by the table. What neither takes is out of
/// order.
HeadScanner::Found HeadScanner::find_fields(std::string_view text) noexcept {
  std::size_t line = 0;  // where the one begins that is looked at
  std::size_t at = at_;
  std::size_t colon = name_size_;
  Part part = part_;
  while (true) {
    switch (part) {
      case Part::line_start:
        if (at == text.size()) return wait(line, part, 0);
        if (text[at] == '\r') {
          if (at + 1 == text.size()) return wait(line, part, 0);
          return text[at + 1] == '\n' ? found(Found::end, line + 2) : bad(at + 1, bare_line_end);
        }
        if (text[at] == ' ' || text[at] == '\t')
          return bad(at, {400, "a folded header line"});  // RFC 9112, 5.2
        [[fallthrough]];
      case Part::name:
        at = blocks::run_end<blocks::NameOctets>(text, at);
        while (at < text.size() && is_token_char(text[at])) ++at;
        if (at == text.size()) return wait(line, Part::name, at - line);
        if (text[at] != ':') return bad(at, text[at] == '\n' ? bare_line_end : malformed_name);
        if (at == line) return bad(at, {400, "a header field without a name"});
        colon = at++;
        [[fallthrough]];
      default:
        at = blocks::run_end<blocks::ValueOctets>(text, at);
        if (at == text.size() || (text[at] == '\r' && at + 1 == text.size())) {
          name_size_ = colon - line;
          return wait(line, Part::value, at - line);
        }
        if (text[at] != '\r') return bad(at, text[at] == '\n' ? bare_line_end : malformed_value);
        if (text[at + 1] != '\n') return bad(at + 1, bare_line_end);
    }
    fields_[field_count_++] = {{text.data() + line, colon - line},
                               trim_white_space({text.data() + colon + 1, at - colon - 1})};
    at += 2;
    line = at;
    field_lines_ = text.substr(0, line);
    part = Part::line_start;
    if (field_count_ == most_fields) {
      part_ = part;
      at_ = 0;
      return found(Found::fields, line);
    }
  }
}

HeadScanner::Found HeadScanner::next(std::string_view text) noexcept {
  field_count_ = 0;
  field_lines_ = {};
  return past_request_line() ? find_fields(text) : request_line(text);
}

}  // namespace antiphon::http
