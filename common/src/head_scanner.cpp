#include "head_scanner.hpp"

#include "char_rules.hpp"

namespace antiphon::http {

namespace {

// RFC 9112, 3: a longer one than any that is known is a method not implemented.
constexpr std::size_t longest_method = 32;

constexpr ParseError malformed_line{400, "malformed request line"};
constexpr ParseError malformed_version{400, "malformed HTTP version"};
constexpr ParseError bare_line_end{400, "a line of the head does not end in CR LF"};

}  // namespace

ParseError HeadScanner::version(char c) noexcept {
  constexpr std::string_view shape = "HTTP/1.1";
  constexpr std::size_t major = 5;
  constexpr std::size_t minor = 7;
  if (size_ == shape.size()) {
    if (c != '\r') return malformed_version;
    if (major_ != '1') return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    state_ = State::request_line_lf;
    return {};
  }
  const bool digit = c >= '0' && c <= '9';
  if (size_ == major || size_ == minor ? !digit : c != shape[size_]) return malformed_version;
  if (size_ == major) major_ = c;
  ++size_;
  return {};
}

ParseError HeadScanner::request_line(char c) noexcept {
  switch (state_) {
    case State::before:
      if (c == '\r') {
        state_ = State::before_lf;
        return {};
      }
      if (!is_token_char(c)) return malformed_line;
      state_ = State::method;
      size_ = 1;
      return {};
    case State::before_lf:
      state_ = State::before;
      return c == '\n' ? ParseError{} : malformed_line;
    case State::method:
      if (c == ' ') {
        state_ = State::target;
        size_ = 0;
        return {};
      }
      if (!is_token_char(c)) return malformed_line;
      return ++size_ > longest_method ? ParseError{501, "unknown method"} : ParseError{};
    case State::target:
      if (c == ' ' && size_ > 0) {
        state_ = State::version;
        size_ = 0;
        return {};
      }
      if (c <= ' ' || c > '~')
        return malformed_line;  // char may be signed: octets above 127 are below 0 then
      return ++size_ > most_target_ ? ParseError{414, "the request target is too long"} : ParseError{};
    case State::version:
      return version(c);
    case State::request_line_lf:
      state_ = State::line_start;
      return c == '\n' ? ParseError{} : bare_line_end;
    case State::line_start:
    case State::field:
    case State::field_lf:
    case State::end_lf:
      break;
  }
  return {};
}

HeadScanner::Result HeadScanner::scan(std::string_view octets) noexcept {
  std::size_t at = 0;
  while (at < octets.size() && !past_request_line()) {
    if (const ParseError error = request_line(octets[at]); failed(error)) return {Verdict::bad, at, error};
    ++at;
  }
  while (at < octets.size()) {
    const char c = octets[at];
    if (state_ == State::field_lf || state_ == State::end_lf) {
      if (c != '\n') return {Verdict::bad, at, bare_line_end};
      if (state_ == State::end_lf) return {Verdict::end, at + 1, {}};
      state_ = State::line_start;
      ++at;
    } else if (state_ == State::line_start && c == '\r') {
      state_ = State::end_lf;
      ++at;
    } else if (state_ == State::line_start && (c == ' ' || c == '\t')) {
      return {Verdict::bad, at, {400, "a folded header line"}};  // RFC 9112, 5.2
    } else {
      const std::string_view rest = octets.substr(at);
      const std::size_t cr = rest.find('\r');
      const std::size_t lf = rest.substr(0, cr).find('\n');
      if (lf != std::string_view::npos) return {Verdict::bad, at + lf, bare_line_end};
      state_ = cr == std::string_view::npos ? State::field : State::field_lf;
      at = cr == std::string_view::npos ? octets.size() : at + cr + 1;
    }
  }
  return {Verdict::more, octets.size(), {}};
}

}  // namespace antiphon::http
