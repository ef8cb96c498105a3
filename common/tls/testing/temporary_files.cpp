#include "antiphon/tls/testing/temporary_files.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace antiphon::tls::testing {

TemporaryFiles::TemporaryFiles() {
  std::string name = (std::filesystem::temp_directory_path() / "antiphon-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  directory_ = name;
}

TemporaryFiles::~TemporaryFiles() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string TemporaryFiles::add(std::string_view name, std::string_view text) const {
  std::ofstream(directory_ / name, std::ios::binary) << text;
  return path(name);
}

}  // namespace antiphon::tls::testing
