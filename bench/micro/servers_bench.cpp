// All five servers in this process, each in a thread of its own: echo on the transport, and HTTP. A batch
// sends one message on every connection and reads all the answers, which are checked.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <string>
#include <vector>

#include "counted.hpp"
#include "message_pair.hpp"
#include "server_thread.hpp"

namespace antiphon::bench {

namespace {

struct Work {
  const char* name;
  Service service;
  std::size_t connections;
  std::size_t size;
};
constexpr std::array works{
    Work{"echo_64B/64conn", Service::echo, 64, 64}, Work{"echo_16KiB/16conn", Service::echo, 16, 16384},
    Work{"keep_alive/1conn", Service::http, 1, 0}, Work{"keep_alive/64conn", Service::http, 64, 0}};

class Batches {
 public:
  Batches(std::uint16_t port, const Work& work)
      : pair_({.port = port, .echo = work.service == Service::echo, .size = work.size}),
        answer_(pair_.answer_size(), '\0') {
    for (std::size_t i = 0; i < work.connections; ++i) sockets_.push_back(connect_to(port));
  }
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;
  ~Batches() {
    for (const int fd : sockets_) ::close(fd);
  }
  void batch() {
    for (const int fd : sockets_) send_all(fd, pair_.message());
    for (const int fd : sockets_) {
      receive_exactly(fd, answer_.data(), answer_.size());
      pair_.check(answer_);
    }
  }

 private:
  MessagePair pair_;
  std::string answer_;
  std::vector<int> sockets_;
};

void measure(benchmark::State& state, const Work& work, const Contender& contender) {
  try {
    const ServerThread server(contender.make(work.service));
    Batches load(server.port(), work);
    load.batch();  // whatever is made at the first request is made before anything is measured
    const std::int64_t cpu = server.cpu_ns();
    {
      const Counted counted(state, work.connections, server.thread_id());
      for (auto _ : state) load.batch();
    }
    state.counters["server_cpu_ns"] = static_cast<double>(server.cpu_ns() - cpu) /
                                      static_cast<double>(state.iterations()) /
                                      static_cast<double>(work.connections);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}

}  // namespace

void register_servers() {
  for (const Work& work : works)
    for (const Contender& contender : contenders)
      benchmark::RegisterBenchmark(
          (std::string(work.name) + "/").append(contender.name).c_str(),
          [&work, &contender](benchmark::State& state) { measure(state, work, contender); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
}

}  // namespace antiphon::bench
