#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "trace.hpp"

namespace antiphon::conformance {

/// One thing of a file that holds a list of them.
struct Entry {
  Json value;
  std::string at;  ///< "file:line", for messages
};

/// What a JSON file holds: a list, or one entry by itself. Throws std::invalid_argument: file, line and
/// reason.
[[nodiscard]] std::vector<Entry> load_entries(const std::filesystem::path& file);

/// A field of an object, or std::invalid_argument that names it and what it should be.
template <typename T>
[[nodiscard]] T field(const Json& object, const char* name, const char* kind);
/// The same, but it may be missing.
template <typename T>
[[nodiscard]] T field_or(const Json& object, const char* name, const char* kind, T otherwise);

// ---- implementation

template <typename T>
T field(const Json& object, const char* name, const char* kind) {
  const auto found = object.find(name);
  if (found == object.end()) throw std::invalid_argument(std::string("'") + name + "' is missing");
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    throw std::invalid_argument(std::string("'") + name + "' must be " + kind + ", not " +
                                found->dump().substr(0, 80));
  }
}
template <typename T>
T field_or(const Json& object, const char* name, const char* kind, T otherwise) {
  return object.contains(name) ? field<T>(object, name, kind) : otherwise;
}

}  // namespace antiphon::conformance
