#include "antiphon/cl_async_style/http/hooks.hpp"

#include "state.hpp"

namespace antiphon::cl_async_style {

detail::hook_table& detail::hooks_of_this_thread() {
  return wookie_state::current().hooks;
}

void clear_hooks() {
  std::apply([](auto&... lists) { (lists.clear(), ...); }, wookie_state::current().hooks);
}

}  // namespace antiphon::cl_async_style
