// Timers of asio_style.

#include <antiphon/asio_style.hpp>
#include <iostream>

namespace as = antiphon::asio_style;
using namespace std::chrono_literals;

// [again] There is no interval: what shall happen again sets its own timer, or is a coroutine that sleeps.
as::Task<void> tick(as::EventLoop& loop, int times) {
  for (int i = 1; i <= times; ++i) {
    co_await loop.sleep(10ms);
    std::cout << "tick " << i << '\n';
  }
}

as::Task<void> timers() {
  as::EventLoop& loop = as::get_running_loop();
  // [once] Not before the time has passed, and never from inside this call.
  loop.call_later(5ms, [] { std::cout << "later\n"; });
  // [cancel] A handle cancels, also too late, which does no harm. Dropping it cancels nothing.
  as::TimerHandle never = loop.call_later(5ms, [] { std::cout << "never\n"; });
  never.cancel();
  // [wait] A limit for anything that is awaited: it is cancelled when the time is up.
  try {
    co_await as::wait_for(loop.sleep(1h), 1ms);
  } catch (const as::TimeoutError&) {
    std::cout << "too slow\n";
  }
  // [end]
  co_await tick(loop, 2);
}

int main() {
  as::run(timers());
}
