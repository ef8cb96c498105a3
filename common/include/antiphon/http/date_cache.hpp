#pragma once

#include <array>
#include <cstddef>
#include <ctime>
#include <span>
#include <string_view>

namespace antiphon::http {

/// The Date field's value (RFC 9110, 5.6.7), formatted at most once a second.
class DateCache {
 public:
  /// "Sun, 06 Nov 1994 08:49:37 GMT" for the second `now`; valid until the next call.
  std::string_view at(std::time_t now) noexcept;
  std::string_view now() noexcept { return at(std::time(nullptr)); }
  /// What nearly every answer begins with: "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n".
  std::span<const char, 54> ok_now() noexcept {
    at(std::time(nullptr));
    return lines_;
  }
  /// Of it the Date line alone.
  std::span<const char, 37> line_now() noexcept { return ok_now().subspan<status_line.size()>(); }

 private:
  static constexpr std::string_view status_line = "HTTP/1.1 200 OK\r\n";
  static constexpr std::string_view name = "Date: ";
  static constexpr std::string_view line_end = "\r\n";
  static constexpr std::size_t value_size = 29;

  std::time_t second_ = -1;
  std::array<char, status_line.size() + name.size() + value_size + line_end.size()> lines_{};
};

}  // namespace antiphon::http
