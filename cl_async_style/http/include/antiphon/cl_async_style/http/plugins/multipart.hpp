#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "antiphon/cl_async_style/http/request.hpp"

namespace antiphon::cl_async_style {

/// Plugin "multipart": takes multipart/form-data apart while it comes (WK-165). Fields are kept in memory,
/// files in temporary files that nobody else can read or guess; the body itself is not stored beside them.
///
/// The variable of that name; names like "user[name]" are as they stand. Of repeated ones the last.
[[nodiscard]] std::optional<std::string_view> form_var(const request& of, std::string_view key);

struct uploaded_file {
  std::string filename;            ///< as the client says: not to be used as a path
  std::string mime_type;           ///< as the client says
  std::filesystem::path tmp_file;  ///< deleted when the answer begins or the client goes: move it before
  std::uint64_t size = 0;          ///< octets
};
/// Null if there is no file of that name. Valid as long as the request.
[[nodiscard]] const uploaded_file* file_upload(const request& of, std::string_view key);

/// What may not be exceeded; the answer is 413. Malformed bodies are answered with 400.
struct multipart_limits {
  std::size_t parts = 1000;
  std::size_t part_head = 8 * 1024;         ///< octets of the fields above one part
  std::size_t fields = 2 * 1024 * 1024;     ///< octets of all fields that are no files together
  std::uint64_t file = UINT64_C(1) << 40U;  ///< octets of one file; the whole body has the listener's limit
};
/// Of this thread: plugin_config("multipart").
[[nodiscard]] multipart_limits& multipart_config();

}  // namespace antiphon::cl_async_style
