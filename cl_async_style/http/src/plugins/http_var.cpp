#include "antiphon/cl_async_style/http/plugins/http_var.hpp"

#include "antiphon/cl_async_style/http/plugins/get.hpp"
#include "antiphon/cl_async_style/http/plugins/multipart.hpp"
#include "antiphon/cl_async_style/http/plugins/post.hpp"
#include "core_plugins.hpp"

namespace antiphon::cl_async_style {

std::optional<std::string_view> http_var(const request& of, std::string_view key,
                                         std::initializer_list<var_source> order) {
  for (const var_source source : order) {
    const auto found = source == var_source::get    ? get_var(of, key)
                       : source == var_source::post ? post_var(of, key)
                                                    : form_var(of, key);
    if (found) return found;
  }
  return std::nullopt;
}

std::vector<plugin> core_plugins() {
  return {get_plugin(), post_plugin(), multipart_plugin(), cookie_plugin(),
          // These only lend their functions; what they need must be there.
          plugin{.name = "http-var", .init = {}, .unload = {}, .depends_on = {"get", "post", "multipart"}},
          plugin{.name = "directory-router", .init = {}}};
}

}  // namespace antiphon::cl_async_style
