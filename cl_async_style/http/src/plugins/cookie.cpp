#include "antiphon/cl_async_style/http/plugins/cookie.hpp"

#include <algorithm>
#include <stdexcept>

#include "antiphon/cl_async_style/http/hooks.hpp"
#include "core_plugins.hpp"
#include "urlencoded.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr std::string_view name = "cookie";

std::string_view trim(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

void parse_cookies(request& of) {
  variables found;
  for (const http::Field field : of.headers()) {
    if (!http::equal_ignoring_case(field.name, "Cookie")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos)
        found.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
  }
  if (!found.empty()) plugin_request_data(name, of) = std::move(found);
}

/// RFC 6265, 4.1.1: what may not stand in a name, a value or an attribute.
void check(std::string_view what, std::string_view text, std::string_view forbidden) {
  const bool bad = std::any_of(text.begin(), text.end(), [&](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || forbidden.find(c) != std::string_view::npos;
  });
  if (bad)
    throw std::invalid_argument("set_cookie: a character that may not stand in a cookie's " +
                                std::string(what) + ": '" + std::string(text) + "'");
}

}  // namespace

std::optional<std::string_view> cookie_var(const request& of, std::string_view key) {
  return find_variable(name, of, key);
}

void set_cookie(response& to, std::string_view key, std::string_view value,
                const set_cookie_options& options) {
  if (key.empty()) throw std::invalid_argument("set_cookie: a cookie without a name");
  check("name", key, "()<>@,;:\\\"/[]?={} \t");
  check("value", value, ",;\\ \t");
  std::string line = std::string(key) + "=" + std::string(value);
  const auto attribute = [&line](std::string_view which, std::string_view text) {
    if (text.empty()) return;
    check(which, text, ";");
    line.append("; ").append(which).append("=").append(text);
  };
  attribute("Expires", options.expires);
  if (options.max_age) attribute("Max-Age", std::to_string(options.max_age->count()));
  attribute("Path", options.path);
  attribute("Domain", options.domain);
  attribute("SameSite", options.same_site);
  if (options.http_only) line += "; HttpOnly";
  if (options.secure) line += "; Secure";
  response_headers(to).add("Set-Cookie", line);
}

plugin cookie_plugin() {
  return {std::string(name), [] { add_hook(hook::parsed_headers, parse_cookies, "cookie-core-parse-vars"); },
          [] { remove_hook(hook::parsed_headers, "cookie-core-parse-vars"); }};
}

}  // namespace antiphon::cl_async_style
