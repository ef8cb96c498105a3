#include "symbols.hpp"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

namespace antiphon::walk {

namespace {

/// Where the program was loaded: addr2line counts from there.
std::uintptr_t base() {
  std::uintptr_t found = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<std::uintptr_t*>(result) = info->dlpi_addr;
        return 1;  // the first one is the program
      },
      &found);
  return found;
}

std::vector<std::string> lines_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) throw std::runtime_error("cannot run addr2line");
  std::string all;
  std::array<char, 4096> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), pipe.get()))
    all.append(piece.data(), size);
  std::vector<std::string> lines;
  for (std::size_t from = 0, to = 0; (to = all.find('\n', from)) != std::string::npos; from = to + 1)
    lines.push_back(all.substr(from, to - from));
  return lines;
}

/// "/home/me/antiphon/build/../common/src/app.cpp" as "common/src/app.cpp". A compiler's cache may name
/// another checkout, of which the rooms are the same.
std::string below_repository(const std::string& path) {
  const std::string normal = std::filesystem::path(path).lexically_normal();
  const std::string root = std::string(ANTIPHON_SOURCE_DIR) + "/";
  if (normal.starts_with(root)) return normal.substr(root.size());
  std::size_t first = std::string::npos;
  for (const char* room : {"/common/", "/asio_style/", "/cl_async_style/"})
    first = std::min(first, normal.find(room));
  return first == std::string::npos ? "" : normal.substr(first + 1);
}

}  // namespace

std::map<std::uintptr_t, Symbol> look_up(const std::vector<std::uintptr_t>& addresses) {
  const std::set<std::uintptr_t> distinct(addresses.begin(), addresses.end());
  std::string command = "addr2line -f -C -e /proc/" + std::to_string(::getpid()) + "/exe";
  const std::uintptr_t start = base();
  for (const std::uintptr_t address : distinct) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), " 0x%zx", static_cast<std::size_t>(address - start));
    command += text.data();
  }
  const std::vector<std::string> lines = lines_of(command);
  if (lines.size() != 2 * distinct.size())
    throw std::runtime_error("addr2line (Debian package binutils) did not answer for every address");
  std::map<std::uintptr_t, Symbol> symbols;
  auto line = lines.begin();
  for (const std::uintptr_t address : distinct) {
    Symbol symbol;
    symbol.function = *line++;
    const std::string place = *line++;
    const std::size_t colon = place.rfind(':');
    symbol.file = below_repository(place.substr(0, colon));
    symbol.line = std::atoi(place.c_str() + colon + 1);
    symbols.emplace(address, std::move(symbol));
  }
  return symbols;
}

}  // namespace antiphon::walk
