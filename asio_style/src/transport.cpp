#include "antiphon/asio_style/transport.hpp"

#include <array>
#include <vector>

namespace antiphon::asio_style {

void Transport::writelines(std::span<const std::string_view> parts) {
  std::array<std::span<const std::byte>, 16> few;
  if (parts.size() <= few.size()) {
    for (std::size_t i = 0; i < parts.size(); ++i) few[i] = std::as_bytes(std::span(parts[i]));
    return writelines(std::span<const std::span<const std::byte>>(few).first(parts.size()));
  }
  std::vector<std::span<const std::byte>> many;
  many.reserve(parts.size());
  for (const auto part : parts) many.push_back(std::as_bytes(std::span(part)));
  writelines(many);
}

}  // namespace antiphon::asio_style
