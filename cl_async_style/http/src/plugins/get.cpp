#include "antiphon/cl_async_style/http/plugins/get.hpp"

#include <algorithm>
#include <array>

#include "antiphon/cl_async_style/http/hooks.hpp"
#include "core_plugins.hpp"
#include "urlencoded.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr std::string_view name = "get";
constexpr std::array<std::string_view, 9> known_methods{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};

/// WK-041: for clients, browsers say, that can send only GET and POST.
void override_method(request& of) {
  const auto wanted = get_var(of, "_method");
  if (!wanted || of.method() == "OPTIONS") return;
  const auto known = std::find_if(known_methods.begin(), known_methods.end(),
                                  [&](std::string_view m) { return http::equal_ignoring_case(m, *wanted); });
  if (known != known_methods.end()) of.set_method(*known);
}

void parse_query(request& of) {
  if (of.query().empty()) return;
  plugin_request_data(name, of) = decode_urlencoded(of.query());
  override_method(of);
}

}  // namespace

std::optional<std::string_view> get_var(const request& of, std::string_view key) {
  return find_variable(name, of, key);
}

plugin get_plugin() {
  return {std::string(name), [] { add_hook(hook::parsed_headers, parse_query, "get-core-parse-vars"); },
          [] { remove_hook(hook::parsed_headers, "get-core-parse-vars"); }};
}

}  // namespace antiphon::cl_async_style
