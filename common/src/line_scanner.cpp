#include "line_scanner.hpp"

#include <algorithm>

namespace antiphon::http {

std::size_t LineScanner::misplaced_space(std::string_view piece) noexcept {
  for (std::size_t at = piece.find(' '); at != std::string_view::npos; at = piece.find(' ', at + 1)) {
    if (++spaces_ > 2 || (at == 0 ? after_space_ : piece[at - 1] == ' ')) return at;
  }
  if (!piece.empty()) after_space_ = piece.back() == ' ';
  return std::string_view::npos;
}

LineScanner::Result LineScanner::head(std::string_view octets) noexcept {
  std::size_t begin = 0;
  while (begin < octets.size()) {
    const std::string_view rest = octets.substr(begin);
    if (after_cr_) {
      if (rest.front() != '\n') return {Verdict::bad, begin};
      after_cr_ = false;
      ++begin;
      if (line_size_ > 0) {
        if (lines_ == 0 && spaces_ != 2) return {Verdict::bad, begin - 1};
        ++lines_;
        line_size_ = 0;
      } else if (lines_ > 0) {
        return {Verdict::end, begin};
      }
      continue;
    }
    // A line that begins with white space would continue the one before: obs-fold (RFC 9112, 5.2).
    if (line_size_ == 0 && lines_ > 0 && (rest.front() == ' ' || rest.front() == '\t'))
      return {Verdict::bad, begin};
    const std::size_t cr = rest.find('\r');
    const std::size_t lf = rest.substr(0, cr).find('\n');
    if (lines_ == 0) {
      const std::size_t space = misplaced_space(rest.substr(0, std::min(cr, lf)));
      if (space != std::string_view::npos) return {Verdict::bad, begin + space};
    }
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
