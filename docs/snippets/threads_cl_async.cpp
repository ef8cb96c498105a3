// Threads and cl_async_style: what blocks goes elsewhere, and the answer comes back to the loop.

#include <antiphon/cl_async_style.hpp>
#include <iostream>
#include <memory>
#include <thread>

namespace as = antiphon::cl_async_style;

namespace {

int slow_square(int number) {
  return number * number;  // think of a database
}

// [blocking] A thread of one's own, and a notifier that is made before it: its callback runs in the loop.
// Until it was triggered it keeps the loop running.
void ask() {
  const auto answer = std::make_shared<int>();
  const auto worker = std::make_shared<std::jthread>();
  const auto done = as::make_notifier([answer, worker] {
    worker->join();  // it has nothing left to do
    std::cout << "the worker says " << *answer << '\n';
  });
  // [calling_in] `trigger_notifier` is the one function that other threads may call.
  *worker = std::jthread([answer, done] {
    *answer = slow_square(12);
    as::trigger_notifier(*done);
  });
}

}  // namespace

int main() {
  as::start_event_loop(ask);
}
