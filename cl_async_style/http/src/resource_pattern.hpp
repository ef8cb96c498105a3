#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace antiphon::cl_async_style {

/// A route's regex. Boost's engine, for it does not recurse and gives up on a pattern that would take for
/// ever.
class resource_pattern {
 public:
  /// Throws std::invalid_argument that names the resource.
  resource_pattern(const std::string& resource, bool case_sensitive);

  /// True if it matches the whole path; then `groups` are views into that. Throws std::runtime_error if it
  /// takes too long.
  [[nodiscard]] bool matches(std::string_view path, std::vector<std::string_view>& groups) const;

 private:
  struct compiled;
  std::shared_ptr<const compiled> compiled_;
};

}  // namespace antiphon::cl_async_style
