// Both loops, without I/O: a callback for the next turn, a timer that is set and cancelled, a call from
// another thread. Inside the loop a callback does the work of one iteration and asks for the next turn, in
// both alike.

#include <benchmark/benchmark.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>

#include "antiphon/asio_style.hpp"
#include "antiphon/cl_async_style.hpp"
#include "counted.hpp"

namespace antiphon::bench {

namespace {

namespace as = asio_style;
namespace cl = cl_async_style;
using namespace std::chrono_literals;

constexpr std::size_t items = 100;  // an iteration: one turn of the loop is then little beside them

/// Does the work, and goes on in the next turn, until the benchmark has seen enough.
class Turns {
 public:
  Turns(benchmark::State& state, std::function<void()> work, std::function<void(std::function<void()>)> next,
        std::function<void()> stop)
      : state_(state), work_(std::move(work)), next_(std::move(next)), stop_(std::move(stop)) {}
  void operator()() {
    if (!counted_) counted_.emplace(state_, items);
    if (!state_.KeepRunning()) {
      counted_.reset();
      stop_();
      return;
    }
    work_();
    next_([this] { (*this)(); });
  }

 private:
  benchmark::State& state_;
  std::function<void()> work_;
  std::function<void(std::function<void()>)> next_;
  std::function<void()> stop_;
  std::optional<Counted> counted_;
};

void run_asio(benchmark::State& state, const std::function<void(as::EventLoop&)>& item) {
  as::EventLoop loop;
  const auto work = [&] {
    for (std::size_t i = 0; i < items; ++i) item(loop);
  };
  Turns turns(
      state, work, [&](auto fn) { loop.call_soon(std::move(fn)); }, [&] { loop.stop(); });
  loop.call_soon([&] { turns(); });
  loop.run_forever();
}

void run_cl_async(benchmark::State& state, const std::function<void()>& item) {
  const auto work = [&] {
    for (std::size_t i = 0; i < items; ++i) item();
  };
  Turns turns(
      state, work, [](auto fn) { cl::delay(std::move(fn)); }, [] { cl::exit_event_loop(); });
  cl::start_event_loop([&] { turns(); });
}

void next_turn_asio(benchmark::State& state) {
  std::size_t run = 0;
  run_asio(state, [&](as::EventLoop& loop) { loop.call_soon([&run] { ++run; }); });
  if (run < items) state.SkipWithError("the callbacks did not run");
}
BENCHMARK(next_turn_asio)->Name("next_turn/100callbacks/asio_style");

void next_turn_cl_async(benchmark::State& state) {
  std::size_t run = 0;
  run_cl_async(state, [&run] { cl::delay([&run] { ++run; }); });
  if (run < items) state.SkipWithError("the callbacks did not run");
}
BENCHMARK(next_turn_cl_async)->Name("next_turn/100callbacks/cl_async_style");

void timer_asio(benchmark::State& state) {
  run_asio(state, [](as::EventLoop& loop) { loop.call_later(10s, [] {}).cancel(); });
}
BENCHMARK(timer_asio)->Name("timer/set_and_cancelled/asio_style");

void timer_cl_async(benchmark::State& state) {
  run_cl_async(state, [] { cl::free_event(*cl::with_delay(10s, [] {})); });
}
BENCHMARK(timer_cl_async)->Name("timer/set_and_cancelled/cl_async_style");

/// There and back: the benchmark's thread calls into the loop, whose callback wakes it again.
void wake_up(benchmark::State& state, const std::function<void()>& call, std::binary_semaphore& called) {
  const Counted counted(state);
  for (auto _ : state) {
    call();
    called.acquire();
  }
}

void wake_up_asio(benchmark::State& state) {
  std::binary_semaphore called(0);
  as::EventLoop loop;
  std::thread thread([&] {
    count_this_thread();
    loop.run_forever();
  });
  wake_up(
      state, [&] { loop.call_soon_threadsafe([&called] { called.release(); }); }, called);
  loop.call_soon_threadsafe([&loop] { loop.stop(); });
  thread.join();
}
BENCHMARK(wake_up_asio)->Name("wake_up/from_another_thread/asio_style")->UseRealTime();

void wake_up_cl_async(benchmark::State& state) {
  std::binary_semaphore called(0);
  bool stopping = false;  // written before a call, read in the loop: the call orders them
  std::promise<std::shared_ptr<cl::notifier>> ready;
  auto made = ready.get_future();
  std::thread thread([&] {
    count_this_thread();
    cl::start_event_loop([&] {
      ready.set_value(cl::make_notifier(
          [&] {
            called.release();
            if (stopping) cl::exit_event_loop();
          },
          {.single_shot = false}));
    });
  });
  {
    const auto bell = made.get();
    wake_up(
        state, [&] { cl::trigger_notifier(*bell); }, called);
    stopping = true;
    cl::trigger_notifier(*bell);
  }
  thread.join();
}
BENCHMARK(wake_up_cl_async)->Name("wake_up/from_another_thread/cl_async_style")->UseRealTime();

}  // namespace

}  // namespace antiphon::bench
