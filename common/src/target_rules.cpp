#include "target_rules.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "antiphon/http/headers.hpp"
#include "text_rules.hpp"

namespace antiphon::http {

namespace {

/// What stands in brackets: an IPv6 address, or "v1." and more for one that is yet to come.
bool is_ip_literal(std::string_view text) noexcept {
  if (!text.empty() && (text.front() == 'v' || text.front() == 'V')) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
    return all_of(text.substr(1, dot - 1), [](char c) noexcept { return hex_digit(c) >= 0; }) &&
           all_of(text.substr(dot + 1),
                  [](char c) noexcept { return c == ':' || (c != '%' && is_host_char(c)); });
  }
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return false;
  text.copy(copy.data(), text.size());
  in6_addr address{};
  return ::inet_pton(AF_INET6, copy.data(), &address) == 1;
}

bool is_port(std::string_view text) noexcept {
  std::uint32_t number = 0;
  if (!all_of(text, is_digit)) return false;
  return text.empty() || (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc() &&
                          number <= 65535);
}

/// Host and port; no port, not even a colon: none.
struct Authority {
  std::string_view host;
  std::string_view port;
  bool colon = false;
};
Authority split(std::string_view text) noexcept {
  const std::size_t behind = text.starts_with('[') ? text.find(']') : 0;
  const std::size_t colon = behind == std::string_view::npos ? behind : text.find(':', behind);
  if (colon == std::string_view::npos) return {text, {}, false};
  return {text.substr(0, colon), text.substr(colon + 1), true};
}

/// Takes ":" and one to four digits off the end.
std::string_view without_port(std::string_view text) noexcept {
  constexpr std::size_t digits_most = 4;  // five may be too many
  std::size_t digits = 0;
  while (digits < digits_most && digits < text.size() && is_digit(text[text.size() - 1 - digits])) ++digits;
  const std::size_t behind_host = digits + 1;
  if (digits == 0 || behind_host > text.size() || text[text.size() - behind_host] != ':') return text;
  return text.substr(0, text.size() - behind_host);
}

}  // namespace

bool is_authority(std::string_view text) noexcept {
  if (is_plain_host(without_port(text))) return true;  // nearly always
  const Authority parts = split(text);
  if (!is_port(parts.port)) return false;
  if (parts.host.starts_with('['))
    return parts.host.ends_with(']') && is_ip_literal(parts.host.substr(1, parts.host.size() - 2));
  if (parts.host.empty() && parts.colon) return false;
  return has_host_chars_only(parts.host) && escapes_are_whole(parts.host);
}

ParseError check_target(std::string_view target, std::string_view method) noexcept {
  constexpr ParseError wrong_form{400, "the request target's form does not fit the method"};
  if (!has_target_chars_only(target)) return {400, "a character in the request target that no URI has"};
  if (!escapes_are_whole(target)) return {400, "malformed escape in the request target"};
  if (method == "CONNECT") {
    const Authority parts = split(target);
    return parts.host.empty() || parts.port.empty() || !is_authority(target) ? wrong_form : ParseError{};
  }
  if (target.starts_with('/')) return {};
  if (target == "*") return method == "OPTIONS" ? ParseError{} : wrong_form;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos || !(equal_ignoring_case(target.substr(0, scheme), "http") ||
                                            equal_ignoring_case(target.substr(0, scheme), "https")))
    return wrong_form;
  const std::string_view behind = target.substr(scheme + 3);
  const std::string_view authority = behind.substr(0, behind.find_first_of("/?"));
  if (authority.empty() || !is_authority(authority))
    return {400, "malformed authority in the request target"};
  return {};
}

}  // namespace antiphon::http
