#include "answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace antiphon::bench {

namespace {

constexpr std::size_t period = 251;  // the shared app's: octet i is i mod 251
constexpr std::size_t piece =
    261 * period;  // the most of a download that one send is offered: just below 64 KiB

std::string_view pattern(std::uint64_t from) {
  static const auto block = [] {
    std::array<char, piece + period> octets{};
    for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<char>(i % period);
    return octets;
  }();
  return {block.data() + from % period, piece};
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

}  // namespace

void Answers::echo(std::string_view octets) {
  if (pending().empty())
    borrowed_ = octets;
  else
    out_.append(octets);
}

void Answers::complete(bool post, bool keep_alive) {
  constexpr std::string_view bytes = "/bytes/";
  const std::string_view ending = keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  out_.append("HTTP/1.1 200 OK\r\nDate: ").append(date_.now());
  if (target_.starts_with(bytes)) {
    std::from_chars(target_.data() + bytes.size(), target_.data() + target_.size(), download_);
    download_sent_ = 0;
    out_.append("\r\nContent-Type: application/octet-stream\r\nContent-Length: ");
    append_number(out_, download_);
    out_.append(ending);
  } else if (post) {
    std::string count;
    append_number(count, upload_);
    out_.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ");
    append_number(out_, count.size());
    out_.append(ending).append(count);
    upload_ = 0;
  } else if (keep_alive) {
    out_.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nhello, world\n");
  } else {
    out_.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13").append(ending);
    out_.append("hello, world\n");
  }
  closing_ = !keep_alive;
  target_.clear();
}

std::string_view Answers::pending() const noexcept {
  if (!borrowed_.empty()) return borrowed_;
  if (out_sent_ < out_.size()) return std::string_view(out_).substr(out_sent_);
  return pattern(download_sent_).substr(0, std::min<std::uint64_t>(piece, download_ - download_sent_));
}

void Answers::sent(std::size_t count) noexcept {
  if (!borrowed_.empty()) {
    borrowed_.remove_prefix(count);
  } else if (out_sent_ < out_.size()) {
    out_sent_ += count;
    if (out_sent_ == out_.size()) {
      out_.clear();
      out_sent_ = 0;
    }
  } else {
    download_sent_ += count;
  }
}

void Answers::keep() {
  out_.append(borrowed_);
  borrowed_ = {};
}

}  // namespace antiphon::bench
