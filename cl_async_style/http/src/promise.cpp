#include "antiphon/cl_async_style/http/promise.hpp"

#include <vector>

#include "antiphon/cl_async_style/conditions.hpp"

namespace antiphon::cl_async_style {

namespace detail {

struct promise_state {
  bool finished = false;
  std::exception_ptr error;
  std::vector<std::function<void()>> waiting;

  void finish(std::exception_ptr why) {
    if (std::exchange(finished, true)) return;
    error = std::move(why);
    for (const auto& call : std::exchange(waiting, {})) call();
  }
};

}  // namespace detail

bool promise::finished() const noexcept {
  return !state_ || state_->finished;
}

std::exception_ptr promise::error() const noexcept {
  return state_ ? state_->error : nullptr;
}

struct resolver::guard {
  explicit guard(std::shared_ptr<detail::promise_state> which) noexcept : state(std::move(which)) {}
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;
  ~guard() {
    if (state->finished) return;
    try {
      state->finish(std::make_exception_ptr(event_error(0, "a promise that nobody can finish any more")));
    } catch (...) {  // whoever waits guards itself; a destructor has nobody to tell
    }
  }
  std::shared_ptr<detail::promise_state> state;
};

void resolver::resolve() const {
  const auto kept = guard_->state;  // what is called may drop the resolver
  kept->finish(nullptr);
}

void resolver::reject(std::exception_ptr why) const {
  const auto kept = guard_->state;
  kept->finish(std::move(why));
}

promise make_promise(const std::function<void(resolver)>& body) {
  auto state = std::make_shared<detail::promise_state>();
  const resolver end(std::make_shared<resolver::guard>(state));  // not to be dropped before the error is told
  try {
    body(end);
  } catch (...) {
    state->finish(std::current_exception());
  }
  return promise(std::move(state));
}

promise attach(const promise& which, std::function<void()> done,
               std::function<void(std::exception_ptr)> failed) {
  return make_promise([&](const resolver& next) {
    const auto step = [next, done = std::move(done), failed = std::move(failed), state = which.state_.get()] {
      const std::exception_ptr error = state == nullptr ? nullptr : state->error;
      try {
        if (error && !failed) return next.reject(error);
        if (error)
          failed(error);
        else if (done)
          done();
      } catch (...) {
        return next.reject(std::current_exception());
      }
      next.resolve();
    };
    if (which.finished())
      step();
    else
      which.state_->waiting.emplace_back(step);  // which keeps the step, not the step which
  });
}

promise all(std::span<const promise> promises) {
  return make_promise([&](const resolver& done) {
    auto left = std::make_shared<std::size_t>(promises.size() + 1);
    const auto one = [left, done] {
      if (--*left == 0) done.resolve();
    };
    for (const promise& each : promises)
      attach(each, one, [done](const std::exception_ptr& error) { done.reject(error); });
    one();
  });
}

}  // namespace antiphon::cl_async_style
