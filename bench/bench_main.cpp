// antiphon-bench: both models, their bare libraries and bare epoll, in one interleaved run.

#include <benchmark/benchmark.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <boost/version.hpp>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "client.hpp"
#include "server.hpp"

namespace antiphon::bench {

namespace {

struct Contender {
  const char* name;
  Factory make;
};
constexpr std::array contenders{
    Contender{"asio_style", make_asio_style}, Contender{"cl_async_style", make_cl_async_style},
    Contender{"bare_asio", make_bare_asio}, Contender{"bare_libuv", make_bare_libuv},
    Contender{"bare_epoll", make_bare_epoll}};

struct Work {
  const char* name;
  Service service;
  std::size_t connections;
  std::size_t size;
};
constexpr std::array works{
    Work{"echo/64B/64conn", Service::echo, 64, 64}, Work{"echo/16KiB/16conn", Service::echo, 16, 16384},
    Work{"http_keep_alive/1conn", Service::http, 1, 0}, Work{"http_keep_alive/64conn", Service::http, 64, 0}};

/// Google Benchmark prints when all is over, as the repetitions are interleaved; this tells meanwhile.
void tell_progress(const std::string& name) {
  static int runs = 0;
  ++runs;
  if (::isatty(STDERR_FILENO) == 1)
    std::fprintf(stderr, "\r\033[Krun %d: %s", runs, name.c_str());
  else if (runs % 20 == 1)
    std::fprintf(stderr, "run %d: %s\n", runs, name.c_str());
}

void measure(benchmark::State& state, const Work& work, const Contender& contender) {
  tell_progress(std::string(work.name) + "/" + contender.name);
  try {
    const auto server = contender.make(work.service);
    Client client(*server, work.service, work.connections, work.size);
    const Instructions instructions(server->thread_id);
    const std::int64_t cpu = server->cpu_ns();
    const std::uint64_t calls = syscalls();
    const std::uint64_t allocated = allocations();
    const std::uint64_t executed = instructions.count();
    for (auto _ : state) client.batch();
    const auto per_request = [&](auto total) {
      return static_cast<double>(total) / static_cast<double>(state.iterations()) /
             static_cast<double>(work.connections);
    };
    state.counters["server_cpu_ns_per_request"] = per_request(server->cpu_ns() - cpu);
    state.counters["syscalls_per_request"] = per_request(syscalls() - calls);
    state.counters["allocations_per_request"] = per_request(allocations() - allocated);
    if (instructions.available())
      state.counters["instructions_per_request"] = per_request(instructions.count() - executed);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(work.connections));
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}

void add_context() {
  benchmark::AddCustomContext("schema", "antiphon-bench/1");
  benchmark::AddCustomContext("boost", BOOST_LIB_VERSION);
  benchmark::AddCustomContext("libuv", uv_version_string());
  benchmark::AddCustomContext("compiler", "GCC " __VERSION__);
#ifdef NDEBUG
  benchmark::AddCustomContext("build", "optimised");
#else
  benchmark::AddCustomContext("build", "not optimised");
  std::fprintf(stderr, "antiphon-bench: this build is not optimised; its figures mean nothing\n");
#endif
  if (!Instructions(0).available())
    std::fprintf(
        stderr,
        "antiphon-bench: the kernel does not let instructions be counted here; that column is left out\n");
}

/// Defaults first, so that what the user gives wins.
std::vector<std::string> arguments(int argc, char** argv) {
  bool quick = false;
  std::vector<std::string> given;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0)
      quick = true;
    else
      given.emplace_back(argv[i]);
  }
  std::vector<std::string> all{argv[0], "--benchmark_enable_random_interleaving=true",
                               quick ? "--benchmark_repetitions=3" : "--benchmark_repetitions=9",
                               quick ? "--benchmark_min_time=0.05" : "--benchmark_min_time=0.25",
                               "--benchmark_display_aggregates_only=true"};
  all.insert(all.end(), given.begin(), given.end());
  return all;
}

}  // namespace

}  // namespace antiphon::bench

int main(int argc, char** argv) {
  using namespace antiphon::bench;
  auto words = arguments(argc, argv);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;
  add_context();
  for (const Work& work : works)
    for (const Contender& contender : contenders)
      benchmark::RegisterBenchmark(
          (std::string(work.name) + "/" + contender.name).c_str(),
          [&work, &contender](benchmark::State& state) { measure(state, work, contender); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
  const std::size_t run = benchmark::RunSpecifiedBenchmarks();
  if (::isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r\033[K");
  benchmark::Shutdown();
  return run > 0 ? 0 : 1;
}
