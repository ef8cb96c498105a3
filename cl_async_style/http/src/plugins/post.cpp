#include "antiphon/cl_async_style/http/plugins/post.hpp"

#include <nlohmann/json.hpp>

#include "antiphon/cl_async_style/http/hooks.hpp"
#include "core_plugins.hpp"
#include "urlencoded.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr std::string_view name = "post";

bool contains(std::string_view text, std::string_view part) {
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return small.find(part) != std::string::npos;
}

variables members(const nlohmann::json& value) {
  variables out;
  if (value.is_object())
    for (const auto& [key, member] : value.items())
      out.emplace_back(key, member.is_string()
                                ? member.get<std::string>()
                                : member.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return out;
}

void parse_body(request& of) {
  const std::string_view body = of.body();
  if (body.empty()) return;
  const std::string_view type = of.headers().get("Content-Type").value_or("");
  if (body.front() == '{' || body.front() == '"' || body.front() == '[') {
    const auto value = nlohmann::json::parse(body, nullptr, false);
    if (!value.is_discarded()) {
      plugin_request_data(name, of) = members(value);
      return;
    }
    if (contains(type, "application/json")) {
      send_response(request_response(of), {.status = 400,
                                           .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                                           .body = "the body is no JSON\n"});
      return;
    }
  }
  if (contains(type, "application/x-www-form-urlencoded"))
    plugin_request_data(name, of) = decode_urlencoded(body);
}

}  // namespace

std::optional<std::string_view> post_var(const request& of, std::string_view key) {
  return find_variable(name, of, key);
}

plugin post_plugin() {
  return {std::string(name), [] { add_hook(hook::body_complete, parse_body, "post-core-parse-vars"); },
          [] { remove_hook(hook::body_complete, "post-core-parse-vars"); }};
}

}  // namespace antiphon::cl_async_style
