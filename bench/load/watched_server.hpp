#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "counters.hpp"

namespace antiphon::bench {

/// The server's processes as seen from outside: what they used, and whether they sleep.
class WatchedServer {
 public:
  struct Use {
    std::int64_t cpu_ns = 0;
    std::array<std::uint64_t, counter_names.size()> counts{};
  };

  /// Throws std::runtime_error if `counts_file` is not empty and cannot be mapped.
  WatchedServer(std::vector<pid_t> pids, const std::string& counts_file);
  WatchedServer(const WatchedServer&) = delete;
  WatchedServer& operator=(const WatchedServer&) = delete;
  ~WatchedServer();

  /// CPU time of user and system, of all threads, also of those that have ended.
  [[nodiscard]] Use use() const;
  /// Returns when every thread sleeps, so that what comes next finds the server waiting. Throws after a
  /// minute.
  void wait_until_idle() const;
  /// Stops the processes, and returns when they are; what is sent meanwhile is then ready all at once.
  void hold() const;
  void release() const;

 private:
  std::vector<pid_t> pids_;
  const std::uint64_t* counts_ = nullptr;
};

}  // namespace antiphon::bench
