#pragma once

#include <filesystem>

namespace antiphon::conformance::cl_async {

/// Writes a self-signed certificate for localhost and its key, as PEM files. Throws HarnessError.
void make_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace antiphon::conformance::cl_async
