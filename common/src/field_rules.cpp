#include "field_rules.hpp"

#include <algorithm>
#include <charconv>

#include "antiphon/http/headers.hpp"

namespace antiphon::http {

namespace {

constexpr bool is_alpha(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_one_of(char c, std::string_view set) noexcept {
  return set.find(c) != std::string_view::npos;
}

bool all_digits(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), is_digit);
}

/// uri-host [ ":" port ] (RFC 3986, 3.2.2); an empty one is allowed (RFC 9112, 3.2).
bool is_host(std::string_view text) noexcept {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    const std::string_view address = text.substr(1, end - 1);
    if (!std::all_of(address.begin(), address.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || is_one_of(c, ":.-_~"); }))
      return false;
    port = text.substr(end + 1);
    if (port.empty()) return true;
    if (port.front() != ':') return false;
    port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
    const std::string_view name = text.substr(0, colon);
    if (!std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || is_one_of(c, "-._~%!$&'()*+,;="); }))
      return false;
    if (name.empty() && colon != std::string_view::npos) return false;
  }
  return port.size() <= 5 && all_digits(port);
}

}  // namespace

std::string_view trim_white_space(std::string_view text) noexcept {
  constexpr std::string_view white = " \t";
  const std::size_t first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

bool is_token_char(char c) noexcept {
  return is_alpha(c) || is_digit(c) || is_one_of(c, "!#$%&'*+-.^_`|~");
}

bool target_fits_method(std::string_view target, std::string_view method) noexcept {
  if (method == "CONNECT")
    return !target.empty() && target.find('/') == std::string_view::npos && is_host(target);
  if (target.starts_with('/')) return true;
  if (target == "*") return method == "OPTIONS";
  const std::size_t scheme = target.find("://");
  return scheme != std::string_view::npos && (equal_ignoring_case(target.substr(0, scheme), "http") ||
                                              equal_ignoring_case(target.substr(0, scheme), "https"));
}

ParseError FramingRules::field(std::string_view name, std::string_view value) noexcept {
  switch (name.size()) {  // few names have these lengths: most fields cost one comparison
    case 0:
      return {400, "a header field without a name"};
    case 4:
      if (!equal_ignoring_case(name, "Host")) break;
      if (++hosts_ > 1) return {400, "more than one Host"};
      if (!is_host(value)) return {400, "malformed Host"};
      break;
    case 6:
      if (!equal_ignoring_case(name, "Expect")) break;
      if (equal_ignoring_case(value, "100-continue"))
        expects_continue_ = true;
      else
        unknown_expectation_ = true;
      break;
    case 14: {
      if (!equal_ignoring_case(name, "Content-Length")) break;
      if (content_length_) return {400, "more than one Content-Length"};
      std::uint64_t length = 0;
      if (value.empty() || !all_digits(value)) return {400, "malformed Content-Length"};
      if (std::from_chars(value.data(), value.data() + value.size(), length).ec != std::errc())
        return {413, "the request's body is too large"};
      content_length_ = length;
      break;
    }
    case 17:
      if (!equal_ignoring_case(name, "Transfer-Encoding")) break;
      // Codings before a last "chunked" frame well but are not undone here: 501; all else frames nothing:
      // 400.
      if (chunked_) return {400, "a coding after chunked in Transfer-Encoding"};
      if (transfer_encoding_) unknown_coding_ = true;
      transfer_encoding_ = true;
      if (equal_ignoring_case(value, "chunked")) {
        chunked_ = true;
      } else {
        const std::size_t comma = value.rfind(',');
        const std::string_view last =
            comma == std::string_view::npos ? value : trim_white_space(value.substr(comma + 1));
        chunked_ = equal_ignoring_case(last, "chunked");
        if (chunked_ && has_token(value.substr(0, comma), "chunked"))
          return {400, "chunked twice in Transfer-Encoding"};
        unknown_coding_ = true;
      }
      break;
    default:
      break;
  }
  return {};
}

ParseError FramingRules::complete(MessageHead& head, std::uint64_t most_body) const noexcept {
  if (head.version_major != 1 || head.version_minor > 1)
    return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  const bool http_1_1 = head.version_minor == 1;
  if (http_1_1 && hosts_ == 0) return {400, "no Host"};
  if (transfer_encoding_) {
    if (!http_1_1) return {400, "Transfer-Encoding in HTTP/1.0"};
    if (content_length_) return {400, "both Content-Length and Transfer-Encoding"};
    if (!chunked_) return {400, "Transfer-Encoding that does not end in chunked"};
    if (unknown_coding_) return {501, "unknown transfer coding"};
    head.content_length = std::nullopt;
  } else {
    head.content_length = content_length_.value_or(0);
    if (*head.content_length > most_body) return {413, "the request's body is too large"};
  }
  if (http_1_1 && unknown_expectation_) return {417, "unknown expectation"};
  head.expects_continue = http_1_1 && expects_continue_ && head.content_length != 0;
  return {};
}

}  // namespace antiphon::http
