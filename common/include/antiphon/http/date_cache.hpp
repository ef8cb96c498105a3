#pragma once

#include <array>
#include <ctime>
#include <string_view>

namespace antiphon::http {

/// The Date field's value (RFC 9110, 5.6.7), formatted at most once a second.
class DateCache {
 public:
  /// "Sun, 06 Nov 1994 08:49:37 GMT" for the second `now`; valid until the next call.
  std::string_view at(std::time_t now) noexcept;
  std::string_view now() noexcept { return at(std::time(nullptr)); }

 private:
  std::time_t second_ = -1;
  std::array<char, 32> text_{};
};

}  // namespace antiphon::http
