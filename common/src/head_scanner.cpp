#include "head_scanner.hpp"

#include "char_rules.hpp"

namespace antiphon::http {

namespace {

// RFC 9112, 3: a longer one than any that is known is a method not implemented.
constexpr std::size_t longest_method = 32;
constexpr std::string_view usual_version = "HTTP/1.1";
constexpr std::string_view usual_line_end = "HTTP/1.1\r\n";

constexpr ParseError malformed_line{400, "malformed request line"};
constexpr ParseError malformed_version{400, "malformed HTTP version"};
constexpr ParseError bare_line_end{400, "a line of the head does not end in CR LF"};

}  // namespace

/// "HTTP/1.x" and the CR, one octet at a time.
ParseError HeadScanner::version(char c) noexcept {
  constexpr std::size_t major = 5;
  constexpr std::size_t minor = 7;
  if (size_ == usual_version.size()) {
    if (c != '\r') return malformed_version;
    if (major_ != '1') return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    state_ = State::request_line_lf;
    return {};
  }
  const bool digit = c >= '0' && c <= '9';
  if (size_ == major || size_ == minor ? !digit : c != usual_version[size_]) return malformed_version;
  if (size_ == major) major_ = c;
  ++size_;
  return {};
}

/// Each state takes as many octets as it can at once; what it can't take is out of order. They stand in the
/// order in which a line has them, so that one falls into the next.
HeadScanner::Result HeadScanner::scan(std::string_view octets) noexcept {
  const auto bad = [](std::size_t at, ParseError error) { return Result{Verdict::bad, at, error}; };
  std::size_t at = 0;
  while (at < octets.size()) {
    switch (state_) {
      case State::before_lf:
        if (octets[at] != '\n') return bad(at, malformed_line);
        state_ = State::before;
        ++at;
        break;
      case State::before:
        if (octets[at] == '\r') {
          state_ = State::before_lf;
          ++at;
          break;
        }
        state_ = State::method;
        size_ = 0;
        [[fallthrough]];
      case State::method:
        for (; at < octets.size() && is_token_char(octets[at]); ++at)
          if (++size_ > longest_method) return bad(at, {501, "unknown method"});
        if (at == octets.size()) break;
        if (octets[at] != ' ' || size_ == 0) return bad(at, malformed_line);
        state_ = State::target;
        size_ = 0;
        if (++at == octets.size()) break;
        [[fallthrough]];
      case State::target:
        // char may be signed: octets above 127 are below 0 then
        for (; at < octets.size() && octets[at] > ' ' && octets[at] <= '~'; ++at)
          if (++size_ > most_target_) return bad(at, {414, "the request target is too long"});
        if (at == octets.size()) break;
        if (octets[at] != ' ' || size_ == 0) return bad(at, malformed_line);
        state_ = State::version;
        size_ = 0;
        if (++at == octets.size()) break;
        [[fallthrough]];
      case State::version:
        if (size_ == 0 && octets.substr(at).starts_with(usual_line_end)) {
          at += usual_line_end.size();
          state_ = State::line_start;
        } else {
          if (const ParseError error = version(octets[at]); failed(error)) return bad(at, error);
          ++at;
        }
        break;
      case State::request_line_lf:
      case State::field_lf:
        if (octets[at] != '\n') return bad(at, bare_line_end);
        state_ = State::line_start;
        if (++at == octets.size()) break;
        [[fallthrough]];
      case State::line_start:
        if (octets[at] == '\r') {
          state_ = State::end_lf;
          ++at;
          break;
        }
        if (octets[at] == ' ' || octets[at] == '\t')
          return bad(at, {400, "a folded header line"});  // RFC 9112, 5.2
        state_ = State::field;
        [[fallthrough]];
      case State::field: {
        const std::string_view rest = octets.substr(at);
        const std::size_t cr = rest.find('\r');
        const std::size_t lf = rest.substr(0, cr).find('\n');
        if (lf != std::string_view::npos) return bad(at + lf, bare_line_end);
        if (cr == std::string_view::npos) return {Verdict::more, octets.size(), {}};
        state_ = State::field_lf;
        at += cr + 1;
        break;
      }
      case State::end_lf:
        if (octets[at] != '\n') return bad(at, bare_line_end);
        return {Verdict::end, at + 1, {}};
    }
  }
  return {Verdict::more, octets.size(), {}};
}

}  // namespace antiphon::http
