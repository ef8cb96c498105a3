#pragma once

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdint>

#include "counters.hpp"

namespace antiphon::bench {

/// From its making to its end, counts what the counted threads did, and gives it to the benchmark as counters
/// per item. Make it when all is set up. Instructions: of one thread, where the kernel lets them be counted.
class Counted {
 public:
  explicit Counted(benchmark::State& state, std::uint64_t items_an_iteration = 1, pid_t thread = ::gettid())
      : state_(state), items_(items_an_iteration), instructions_(thread) {}
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    const double items = static_cast<double>(state_.iterations()) * static_cast<double>(items_);
    const auto per_item = [&](std::uint64_t total) { return static_cast<double>(total) / items; };
    state_.counters["syscalls"] = per_item(syscalls() - syscalls_);
    state_.counters["allocations"] = per_item(allocations() - allocations_);
    state_.counters["octets_copied"] = per_item(octets_copied() - octets_copied_);
    if (instructions_.available())
      state_.counters["instructions"] = per_item(instructions_.count() - executed_);
    state_.SetItemsProcessed(state_.iterations() * static_cast<std::int64_t>(items_));
  }

 private:
  benchmark::State& state_;
  std::uint64_t items_;
  Instructions instructions_;
  std::uint64_t syscalls_ = syscalls();
  std::uint64_t allocations_ = allocations();
  std::uint64_t octets_copied_ = octets_copied();
  std::uint64_t executed_ = instructions_.count();
};

}  // namespace antiphon::bench
