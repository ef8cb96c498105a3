// antiphon-bench-server: one server of the benchmark as a process. Prints its port, and serves until killed.
// antiphon-bench-server-counted is the same with counters.cpp: what it counts is in the file that the third
// argument names, for the rig to read while it serves.

#include <cstdio>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>

#ifdef ANTIPHON_BENCH_COUNTED
#include "counters.hpp"
#endif
#include "descriptor_limit.hpp"
#include "server.hpp"

namespace antiphon::bench {

namespace {

const Contender* find(std::string_view name) {
  for (const std::span<const Contender> list :
       {std::span<const Contender>(contenders), std::span<const Contender>(without_checks)})
    for (const Contender& contender : list)
      if (contender.name == name) return &contender;
  return nullptr;
}

int serve(std::string_view name, std::string_view service) {
  if (const Contender* found = find(name)) {
    const auto server = found->make(service == "echo" ? Service::echo : Service::http);
    server->run([](std::uint16_t port) {
      std::printf("listening %d\n", port);
      std::fflush(stdout);
    });
    return 0;
  }
  std::fprintf(stderr, "antiphon-bench-server: no server is named so\n");
  return 2;
}

}  // namespace

}  // namespace antiphon::bench

int main(int argc, char** argv) {
  using namespace antiphon::bench;
#ifdef ANTIPHON_BENCH_COUNTED
  constexpr int wanted = 4;
#else
  constexpr int wanted = 3;
#endif
  if (argc != wanted || (std::strcmp(argv[2], "echo") != 0 && std::strcmp(argv[2], "http") != 0)) {
    std::fprintf(stderr,
                 "usage: antiphon-bench-server SERVER echo|http, or antiphon-bench-server-counted SERVER "
                 "echo|http FILE\n");
    return 2;
  }
  try {
    raise_descriptor_limit();
#ifdef ANTIPHON_BENCH_COUNTED
    share_counts(argv[3]);
    count_this_thread();
#endif
    return serve(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "antiphon-bench-server: %s\n", error.what());
    return 1;
  }
}
