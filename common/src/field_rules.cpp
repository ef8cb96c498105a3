#include "field_rules.hpp"

#include <charconv>

#include "target_rules.hpp"
#include "text_rules.hpp"

namespace antiphon::http {

namespace {

/// Calls `visit` for each element of a comma-separated list; empty ones do not count (RFC 9110, 5.6.1.2).
template <typename Visit>
void for_each_element(std::string_view list, Visit visit) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (const std::string_view element = trim_white_space(list.substr(0, comma)); !element.empty())
      visit(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

ParseError check_field(std::string_view name, std::string_view value) noexcept {
  if (name.empty()) return {400, "a header field without a name"};
  if (!is_token(name)) return {400, "a header field's name is no token"};
  if (!is_value(value)) return {400, "a header field's value has a control octet"};
  return {};
}

ParseError FramingRules::content_length(std::string_view value) noexcept {
  if (content_length_) return {400, "more than one Content-Length"};
  std::uint64_t length = 0;
  if (value.empty() || !all_of(value, is_digit)) return {400, "malformed Content-Length"};
  if (std::from_chars(value.data(), value.data() + value.size(), length).ec != std::errc())
    return {413, "the request's body is too large"};
  content_length_ = length;
  heard_ = {"Content-Length", value};
  return {};
}

/// Empty elements do not count (RFC 9110, 5.6.1.2), wherever they stand: beside a Content-Length all is
/// refused, and alone the list can be read in one way only. A coding that is not known here but stands before
/// a last "chunked" frames well: 501. All else frames nothing: 400 (RFC 9112, 6.1 and 6.3).
ParseError FramingRules::transfer_encoding(std::string_view value) noexcept {
  ParseError error;
  const bool was_chunked = chunked_;
  transfer_encoding_ = true;
  for_each_element(value, [&](std::string_view coding) {
    if (chunked_) error = {400, "a coding behind chunked in Transfer-Encoding"};
    chunked_ = equal_ignoring_case(coding, "chunked");
    if (!chunked_) unknown_coding_ = true;
  });
  if (chunked_ && !was_chunked && !unknown_coding_) heard_ = {"Transfer-Encoding", "chunked"};
  return error;
}

ParseError FramingRules::field(std::string_view name, std::string_view value) noexcept {
  heard_.name = {};
  if (!decides(name)) return {};
  switch (name.size()) {  // few names have these lengths: most fields cost one comparison
    case 4:
      if (name != "Host" && !equal_ignoring_case(name, "Host")) break;
      if (++hosts_ > 1) return {400, "more than one Host"};
      if (!is_authority(value)) return {400, "malformed Host"};
      break;
    case 6:
      if (!equal_ignoring_case(name, "Expect")) break;
      for_each_element(value, [this](std::string_view expectation) {
        (equal_ignoring_case(expectation, "100-continue") ? expects_continue_ : unknown_expectation_) = true;
      });
      break;
    case 10:
      if (!equal_ignoring_case(name, "Connection")) break;
      for_each_element(value, [this](std::string_view option) {
        close_ = close_ || equal_ignoring_case(option, "close");
        keep_alive_ = keep_alive_ || equal_ignoring_case(option, "keep-alive");
      });
      break;
    case 14:
      if (equal_ignoring_case(name, "Content-Length")) return content_length(value);
      break;
    case 17:
      if (equal_ignoring_case(name, "Transfer-Encoding")) return transfer_encoding(value);
      break;
    default:
      break;
  }
  return {};
}

ParseError FramingRules::complete(MessageHead& head, std::uint64_t most_body) const noexcept {
  const bool http_1_1 = head.version_minor >= 1;
  if (http_1_1 && hosts_ == 0) return {400, "no Host"};
  if (head.method == "CONNECT") return {501, "this is no proxy"};  // RFC 9110, 9.3.6
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
  head.keep_alive = !close_ && (http_1_1 || keep_alive_);
  return {};
}

}  // namespace antiphon::http
