#include "chunk_scanner.hpp"

#include <algorithm>

#include "char_rules.hpp"

namespace antiphon::http {

namespace {

constexpr ParseError malformed_size{400, "malformed chunk size"};
constexpr ParseError malformed_extension{400, "malformed chunk extension"};
constexpr ParseError malformed_end{400, "a chunk's data is not followed by CR LF"};
constexpr ParseError bare_line_end{400, "a line of the chunked body does not end in CR LF"};
constexpr ParseError folded{400, "a folded trailer line"};
constexpr std::string_view extensions_too_large = "the chunk extensions are too large";
constexpr std::string_view trailers_too_large = "the trailers are too large";

constexpr bool is_white(char c) noexcept {
  return c == ' ' || c == '\t';
}

}  // namespace

ChunkScanner::Run ChunkScanner::next(std::string_view octets) noexcept {
  Run run;
  if (state_ == State::data && !failed(error_)) {
    run.kind = Kind::data;
    run.size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, octets.size()));
    left_ -= run.size;
    if (left_ == 0) state_ = State::data_cr;
    return run;
  }
  for (const char c : octets) {
    if (failed(error_)) break;
    const Kind kind = kind_of(c);
    if (run.size == 0) run.kind = kind;
    if (kind != run.kind) return run;
    error_ = step(c);
    if (failed(error_)) break;
    ++run.size;
    if (state_ == State::data) return run;
  }
  run.error = error_;
  return run;
}

/// Of the next octet, if it is in order.
ChunkScanner::Kind ChunkScanner::kind_of(char c) const noexcept {
  const bool extending = state_ >= State::before_ext && state_ <= State::after_quoted;
  const bool extension = extending || (state_ == State::more_size && hex_digit(c) < 0);
  return extension && c != '\r' ? Kind::extension : Kind::framing;
}

ParseError ChunkScanner::count(std::string_view too_many) noexcept {
  return ++framing_ > most_framing_ ? ParseError{431, too_many} : ParseError{};
}

ParseError ChunkScanner::digit(int value) noexcept {
  if (state_ == State::size) size_ = 0;
  const bool leading_zero = state_ == State::more_size && size_ == 0;
  state_ = State::more_size;
  size_ = size_ * 16 + static_cast<std::uint64_t>(value);
  // Refused as soon as it is known and before the data comes; so the sum never overflows either.
  if (size_ > most_body_ - body_) return {413, "the request's body is too large"};
  return leading_zero ? count(extensions_too_large) : ParseError{};
}

/// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), then CR (RFC 9112, 7.1.1).
ChunkScanner::State ChunkScanner::in_extension(State state, char c) noexcept {
  switch (state) {
    case State::before_ext:
      return is_white(c) ? state : c == ';' ? State::ext_start : State::bad;
    case State::ext_start:
      return is_white(c) ? state : is_token_char(c) ? State::ext_name : State::bad;
    case State::ext_name:
      if (is_token_char(c)) return state;
      if (c == '=') return State::value_start;
      if (is_white(c)) return State::after_name;
      break;
    case State::after_name:
      if (c == '=') return State::value_start;
      return is_white(c) ? state : c == ';' ? State::ext_start : State::bad;
    case State::value_start:
      if (c == '"') return State::quoted;
      return is_white(c) ? state : is_token_char(c) ? State::value : State::bad;
    case State::value:
      if (is_token_char(c)) return state;
      break;
    case State::quoted:
      if (c == '"') return State::after_quoted;
      if (c == '\\') return State::quoted_pair;
      return is_value_char(c) ? state : State::bad;
    case State::quoted_pair:
      return is_value_char(c) ? State::quoted : State::bad;
    default:  // behind a size or a quoted string
      break;
  }
  if (c == ';') return State::ext_start;
  if (c == '\r') return State::size_lf;
  return is_white(c) ? State::before_ext : State::bad;
}

ParseError ChunkScanner::step(char c) noexcept {
  switch (state_) {
    case State::size:
    case State::more_size:
      if (const int value = hex_digit(c); value >= 0) return digit(value);
      if (state_ == State::size) return malformed_size;
      state_ = in_extension(state_, c);
      return state_ == State::bad ? malformed_size : ParseError{};
    case State::size_lf:
      if (c != '\n') return bare_line_end;
      body_ += size_;
      left_ = size_;
      state_ = size_ == 0 ? State::line_start : State::data;
      if (size_ == 0) framing_ = 0;  // the trailers have a limit of their own
      return {};
    case State::data:
      break;
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' ? ParseError{} : malformed_end;
    case State::data_lf:
      state_ = State::size;
      return c == '\n' ? ParseError{} : malformed_end;
    case State::line_start:
      if (is_white(c)) return folded;
      [[fallthrough]];
    case State::trailer:
      if (c == '\n') return bare_line_end;
      if (c == '\r') {
        state_ = state_ == State::line_start ? State::end_lf : State::trailer_lf;
        return {};
      }
      state_ = State::trailer;
      return count(trailers_too_large);
    case State::trailer_lf:
      state_ = State::line_start;
      return c == '\n' ? ParseError{} : bare_line_end;
    case State::end_lf:
      state_ = State::done;
      return c == '\n' ? ParseError{} : bare_line_end;
    case State::done:
    case State::bad:
      return malformed_size;
    default:
      break;
  }
  state_ = in_extension(state_, c);
  if (state_ == State::bad) return malformed_extension;
  return count(extensions_too_large);
}

}  // namespace antiphon::http
