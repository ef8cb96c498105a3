#include "line_scanner.hpp"

namespace antiphon::http {

LineScanner::Result LineScanner::head(std::string_view octets) noexcept {
  std::size_t begin = 0;
  while (begin < octets.size()) {
    const std::string_view rest = octets.substr(begin);
    if (after_cr_) {
      if (rest.front() != '\n') return {Verdict::bad, begin};
      after_cr_ = false;
      ++begin;
      if (line_size_ > 0) {
        ++lines_;
        line_size_ = 0;
      } else if (lines_ > 0) {
        return {Verdict::end, begin};
      }
      continue;
    }
    // A line that begins with white space would continue the one before: obs-fold (RFC 9112, 5.2).
    if (line_size_ == 0 && lines_ > 0 && (rest.front() == ' ' || rest.front() == '\t')) return {Verdict::bad, begin};
    const std::size_t cr = rest.find('\r');
    const std::size_t lf = rest.substr(0, cr).find('\n');
    if (lf != std::string_view::npos) return {Verdict::bad, begin + lf};
    if (cr == std::string_view::npos) {
      line_size_ += rest.size();
      return {Verdict::more, octets.size()};
    }
    line_size_ += cr;
    after_cr_ = true;
    begin += cr + 1;
  }
  return {Verdict::more, octets.size()};
}

bool LineScanner::paired(std::string_view octets) noexcept {
  for (const char c : octets) {
    if (after_cr_ != (c == '\n')) return false;
    after_cr_ = c == '\r';
  }
  return true;
}

}  // namespace antiphon::http
