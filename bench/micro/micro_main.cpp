// antiphon-bench: the parts, and all five servers in one process, as Google Benchmark has it. The rig takes
// its JSON as it is; by itself it is for the one who changes a part.

#include <benchmark/benchmark.h>
#include <uv.h>

#include <boost/version.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "counters.hpp"

namespace antiphon::bench {

void register_servers();

namespace {

void add_context() {
  benchmark::AddCustomContext("boost", BOOST_LIB_VERSION);
  benchmark::AddCustomContext("libuv", uv_version_string());
  benchmark::AddCustomContext("compiler", "GCC " __VERSION__);
#ifdef NDEBUG
  benchmark::AddCustomContext("build", "optimised");
#else
  benchmark::AddCustomContext("build", "not optimised");
  std::fprintf(stderr, "antiphon-bench: this build is not optimised; its figures mean nothing\n");
#endif
  benchmark::AddCustomContext("instructions", Instructions(0).available()
                                                  ? "counted by the processor"
                                                  : "not counted: the kernel does not let them be");
}

/// Defaults first, so that what the user gives wins.
std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> all{argv[0], "--benchmark_enable_random_interleaving=true",
                               "--benchmark_repetitions=9", "--benchmark_min_time=0.1",
                               "--benchmark_display_aggregates_only=true"};
  all.insert(all.end(), argv + 1, argv + argc);
  return all;
}

}  // namespace

}  // namespace antiphon::bench

int main(int argc, char** argv) {
  using namespace antiphon::bench;
  count_this_thread();
  auto words = arguments(argc, argv);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;
  add_context();
  register_servers();
  const std::size_t run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return run > 0 ? 0 : 1;
}
