#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace antiphon::test_support {

/// A new, empty folder among the system's temporary ones. std::system_error if there can be none.
[[nodiscard]] std::filesystem::path make_temporary_folder();

/// Such a folder, gone with the object, and with all that it holds then.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(make_temporary_folder()) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// The whole path of a name in it, whether there is such a file or not.
  [[nodiscard]] std::string path(std::string_view name) const { return (path_ / name).string(); }
  /// Writes the text and returns the whole path.
  std::string add(std::string_view name, std::string_view text) const;  // NOLINT(modernize-use-nodiscard)

 private:
  std::filesystem::path path_;
};

}  // namespace antiphon::test_support
