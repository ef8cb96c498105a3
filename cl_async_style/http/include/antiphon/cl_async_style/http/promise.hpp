#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <utility>

namespace antiphon::cl_async_style {

namespace detail {
struct promise_state;
}

/// What a hook returns that is not done when it returns (WK-054): blackbird's promise, as far as Wookie needs
/// it. A value: copies stand for the same promise. Belongs to the loop's thread.
///
///     add_hook(hook::pre_route, [](request& of, response&) {
///       return make_promise([&](resolver done) { ask_the_database(of, [done]() mutable { done.resolve(); });
///       });
///     });
class promise {
 public:
  /// Finished already; costs nothing.
  promise() noexcept = default;

  /// False until it was resolved or rejected.
  [[nodiscard]] bool finished() const noexcept;
  /// Why it was rejected; null if it was not.
  [[nodiscard]] std::exception_ptr error() const noexcept;

 private:
  friend class resolver;
  friend promise attach(const promise&, std::function<void()>, std::function<void(std::exception_ptr)>);
  friend promise make_promise(const std::function<void(class resolver)>&);
  explicit promise(std::shared_ptr<detail::promise_state> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<detail::promise_state> state_;
};

/// The other end: whoever holds it finishes the promise. Only the first call counts. When the last copy goes
/// without one, the promise is rejected, so that nobody waits for ever.
class resolver {
 public:
  void resolve() const;
  void reject(std::exception_ptr why) const;
  /// Any exception object.
  template <typename Error>
  requires std::derived_from<Error, std::exception>
  void reject(Error why) const { reject(std::make_exception_ptr(std::move(why))); }

 private:
  friend promise make_promise(const std::function<void(resolver)>&);
  struct guard;
  explicit resolver(std::shared_ptr<guard> guarded) noexcept : guard_(std::move(guarded)) {}
  std::shared_ptr<guard> guard_;
};

/// Calls `body` at once with the resolver of the promise that it returns (create-promise, with-promise). An
/// exception that leaves it rejects the promise.
[[nodiscard]] promise make_promise(const std::function<void(resolver)>& body);

/// Calls one of the two when `which` is finished; at once if it is. The promise returned is finished after
/// that, and rejected if the function called throws or if there was no `failed` to take the error.
promise attach(const promise& which, std::function<void()> done,
               std::function<void(std::exception_ptr)> failed = {});

/// Finished when all are; rejected with the first error.
[[nodiscard]] promise all(std::span<const promise> promises);

}  // namespace antiphon::cl_async_style
