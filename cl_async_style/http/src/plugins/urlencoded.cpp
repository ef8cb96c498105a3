#include "urlencoded.hpp"

namespace antiphon::cl_async_style {

namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int high = c == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += c == '+' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace

variables decode_urlencoded(std::string_view text) {
  variables out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    out.emplace_back(decode(pair.substr(0, equals)), decode(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return out;
}

std::optional<std::string_view> find_variable(std::string_view plugin, const request& of,
                                              std::string_view key) {
  const std::any* data = plugin_request_data(plugin, of);
  const auto* all = data == nullptr ? nullptr : std::any_cast<variables>(data);
  if (all == nullptr) return std::nullopt;
  for (auto one = all->rbegin(); one != all->rend(); ++one)
    if (one->first == key) return one->second;
  return std::nullopt;
}

}  // namespace antiphon::cl_async_style
