// Timers of cl_async_style.

#include <antiphon/cl_async_style.hpp>
#include <iostream>
#include <memory>

namespace as = antiphon::cl_async_style;
using namespace std::chrono_literals;

namespace {

// [again] An interval calls until it is told to stop, by the function that it returned.
void tick(int times) {
  const auto stop = std::make_shared<std::function<void()>>();
  *stop = as::with_interval(10ms, [stop, times, i = 0]() mutable {
    std::cout << "tick " << ++i << '\n';
    if (i == times) as::remove_interval(*stop);
  });
}

// [wait] A limit is a timer beside the work; whoever comes first frees the other.
void with_a_limit() {
  const auto work = as::delay([] { std::cout << "done\n"; }, {.time = 1h});
  as::with_delay(1ms, [work] {
    as::free_event(*work);
    std::cout << "too slow\n";
  });
}

}  // namespace

int main() {
  as::start_event_loop([] {
    // [once] Not before the time has passed, and never from inside this call.
    as::with_delay(5ms, [] { std::cout << "later\n"; });
    // [cancel] Freed, it will not fire. What has fired is freed already: to free it again is an error,
    // `event_freed`.
    const auto never = as::delay([] { std::cout << "never\n"; }, {.time = 5ms});
    as::free_event(*never);
    // [end]
    with_a_limit();
    tick(2);
  });  // returns when nothing is left to wait for
}
