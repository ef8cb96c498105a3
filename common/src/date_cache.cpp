#include "antiphon/http/date_cache.hpp"

namespace antiphon::http {

namespace {

void put_two(char* out, int value) noexcept {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string_view DateCache::at(std::time_t now) noexcept {
  constexpr std::string_view shape = "Sun, 06 Nov 1994 08:49:37 GMT";
  static_assert(shape.size() == value_size);
  char* const out = lines_.data() + status_line.size() + name.size();
  if (now != second_) {
    constexpr std::string_view days = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    // By hand, since strftime would follow the program's locale.
    status_line.copy(lines_.data(), status_line.size());
    name.copy(lines_.data() + status_line.size(), name.size());
    shape.copy(out, shape.size());
    line_end.copy(out + shape.size(), line_end.size());
    days.substr(static_cast<std::size_t>(parts.tm_wday) * 3, 3).copy(out, 3);
    put_two(out + 5, parts.tm_mday);
    months.substr(static_cast<std::size_t>(parts.tm_mon) * 3, 3).copy(out + 8, 3);
    put_two(out + 12, (parts.tm_year + 1900) / 100);
    put_two(out + 14, (parts.tm_year + 1900) % 100);
    put_two(out + 17, parts.tm_hour);
    put_two(out + 20, parts.tm_min);
    put_two(out + 23, parts.tm_sec);
    second_ = now;
  }
  return {out, value_size};
}

}  // namespace antiphon::http
