#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "antiphon/cl_async_style/http/detail/shared_list.hpp"
#include "antiphon/cl_async_style/http/promise.hpp"
#include "antiphon/cl_async_style/http/response.hpp"

namespace antiphon::cl_async_style {

template <std::size_t Index, typename Signature>
struct hook_kind {
  using signature = Signature;
};

/// What happens around a request, in this order (WK-050, WK-051, WK-052):
///
///     connect
///     a route that takes its body whole: parsed_headers body_chunk* body_chunk(finished) body_complete
///                                        pre_route [handler] post_route
///     a route with {.chunk = true}:      parsed_headers pre_route [handler] post_route
///                                        (body_chunk [chunk callback])* body_complete
///     response_started when the answer begins, wherever that is.
///
/// A hook may return a promise: the step behind it waits until the promises of all its hooks are finished
/// (WK-054), and while it waits nothing more is read from the client (unlike upstream, WK-021, WK-057). A
/// hook that throws, or whose promise is rejected, stops the step; the request is answered once by 500, or by
/// an error handler, and no other hook of it is called but response_started (WK-055, WK-110).
///
/// post_route is not run when no route was found; response_started also runs for the server's own answers. To
/// an answer that refuses a broken request a hook cannot object: neither its error nor its promise counts.
namespace hook {
/// Once a connection, before anything is read from it. An error closes it.
inline constexpr hook_kind<0, promise(socket&)> connect{};
inline constexpr hook_kind<1, promise(request&)> parsed_headers{};
/// Directly before the handler, or before the answer 404.
inline constexpr hook_kind<2, promise(request&, response&)> pre_route{};
/// Each piece of the body, the last time with finished = true and an empty chunk.
inline constexpr hook_kind<3, promise(request&, std::span<const std::byte> chunk, bool finished)>
    body_chunk{};
inline constexpr hook_kind<4, promise(request&)> body_complete{};
/// Before anything of the answer is sent. `body` is empty for an answer in pieces.
inline constexpr hook_kind<5, promise(response&, request&, unsigned status,
                                      std::span<const http::Field> headers, std::string_view body)>
    response_started{};
/// After the handler has returned, whether it has answered or not. Nothing waits for its promise.
inline constexpr hook_kind<6, promise(request&, response&)> post_route{};
}  // namespace hook

namespace detail {
template <typename Signature>
struct named_hook {
  std::string name;
  std::function<Signature> call;
};
template <const auto&... Kinds>
using hook_lists =
    std::tuple<shared_list<named_hook<typename std::remove_cvref_t<decltype(Kinds)>::signature>>...>;
/// One list a kind, at the kind's index.
using hook_table = hook_lists<hook::connect, hook::parsed_headers, hook::pre_route, hook::body_chunk,
                              hook::body_complete, hook::response_started, hook::post_route>;
[[nodiscard]] hook_table& hooks_of_this_thread();
}  // namespace detail

/// Hooks of one kind run in the order in which they were added (WK-053). `fn` takes what the kind says and
/// returns a promise or nothing; `name` is only for remove_hook. A hook may add and remove hooks: they count
/// from the next time on.
template <std::size_t Index, typename... Args, typename Function>
void add_hook(hook_kind<Index, promise(Args...)>, Function fn, std::string name = {}) {
  std::get<Index>(detail::hooks_of_this_thread()).change([&](auto& list) {
    if constexpr (std::is_void_v<std::invoke_result_t<Function&, Args...>>) {
      list.push_back({std::move(name), [fn = std::move(fn)](Args... args) mutable {
                        fn(args...);
                        return promise();
                      }});
    } else {
      list.push_back({std::move(name), std::move(fn)});
    }
  });
}
/// Removes the hooks of that kind and name; returns how many (WK-056).
template <std::size_t Index, typename Signature>
std::size_t remove_hook(hook_kind<Index, Signature>, std::string_view name) {
  return std::get<Index>(detail::hooks_of_this_thread()).change([&](auto& list) {
    return std::erase_if(list, [&](const auto& each) { return each.name == name; });
  });
}
template <std::size_t Index, typename Signature>
void clear_hooks(hook_kind<Index, Signature>) {
  std::get<Index>(detail::hooks_of_this_thread()).clear();
}
void clear_hooks();

}  // namespace antiphon::cl_async_style
