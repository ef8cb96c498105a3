#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace antiphon::walk {

struct Symbol {
  std::string function;  ///< with its parameters
  std::string file;      ///< below the repository; empty: not one of ours
  int line = 0;
};

/// What addr2line (binutils) says of addresses of the running program. Throws std::runtime_error.
[[nodiscard]] std::map<std::uintptr_t, Symbol> look_up(const std::vector<std::uintptr_t>& addresses);

}  // namespace antiphon::walk
