// Threads and asio_style: what blocks goes elsewhere, and the answer comes back to the loop.

#include <antiphon/asio_style.hpp>
#include <iostream>
#include <thread>

namespace as = antiphon::asio_style;

namespace {

int slow_square(int number) {
  return number * number;  // think of a database
}

}  // namespace

// [blocking] On a thread of the loop's executor; the coroutine goes on in the loop when it is done.
as::Task<void> ask() {
  as::EventLoop& loop = as::get_running_loop();
  const int answer = co_await loop.run_in_executor([] { return slow_square(12); });
  std::cout << "the executor says " << answer << '\n';
}

// [calling_in] `call_soon_threadsafe` is the one function that other threads may call.
as::Task<void> listen_to_a_thread() {
  as::EventLoop& loop = as::get_running_loop();
  as::Event heard;
  std::jthread stranger([&loop, &heard] {
    loop.call_soon_threadsafe([&heard] {
      std::cout << "the stranger is heard\n";
      heard.set();  // in the loop's thread, where it belongs
    });
  });
  co_await heard.wait();
}

// [end]
as::Task<void> both() {
  co_await ask();
  co_await listen_to_a_thread();
}

int main() {
  as::run(both());
}
