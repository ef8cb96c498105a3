#pragma once

#include <sys/resource.h>

namespace antiphon::bench {

/// Thousands of connections, whatever the shell allows by default.
inline void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace antiphon::bench
