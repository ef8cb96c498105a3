#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace antiphon::bench {

struct LoadOptions {
  std::uint16_t port = 0;
  bool echo = false;  ///< send `size` octets and want them back; else GET / and the whole answer
  std::size_t connections = 1;
  std::uint64_t requests = 1000;  ///< in all, after the warm-up
  std::uint64_t warm = 1;         ///< of each connection, before anything is measured
  std::uint64_t size = 64;        ///< octets of an echoed message, a download, an upload
  std::size_t depth = 1;          ///< requests sent at once on a connection (pipelining)
  std::vector<pid_t> pids{};      ///< the server's processes: their CPU time is told
  std::string counts{};           ///< the file of antiphon-bench-server-counted
};

/// What happened between the end of the warm-up and the last answer.
struct LoadResult {
  std::uint64_t requests = 0;
  std::uint64_t octets = 0;  ///< of answers; of an upload, of the body
  double seconds = 0;
};

}  // namespace antiphon::bench
