#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace antiphon::tls::testing {

/// A directory of its own, gone with the object.
class TemporaryFiles {
 public:
  TemporaryFiles();
  TemporaryFiles(const TemporaryFiles&) = delete;
  TemporaryFiles& operator=(const TemporaryFiles&) = delete;
  ~TemporaryFiles();

  /// Writes the text and returns the whole path.
  std::string add(std::string_view name, std::string_view text) const;  // NOLINT(modernize-use-nodiscard)
  [[nodiscard]] std::string path(std::string_view name) const { return (directory_ / name).string(); }

 private:
  std::filesystem::path directory_;
};

}  // namespace antiphon::tls::testing
