#pragma once

#include <bit>
#include <cstddef>
#include <span>
#include <vector>

#include "loop_core.hpp"

namespace antiphon::asio_style::detail {

/// Bytes that the kernel did not take yet, in one piece so that one send can offer them all (AS-169).
/// Its memory is the loop's and is held only while there are such bytes.
class WriteBuffer {
 public:
  [[nodiscard]] bool empty() const noexcept { return sent_ == bytes_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - sent_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return std::span(bytes_).subspan(sent_); }

  void append(LoopCore& core, std::span<const std::byte> data) {
    if (bytes_.capacity() == 0) bytes_ = core.lend_buffer();
    if (bytes_.size() + data.size() > bytes_.capacity()) {
      // Move the rest to the front rather than grow, if that frees more
      // than it moves: each byte is moved once on average.
      if (sent_ > size()) {
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
      }
      bytes_.reserve(std::bit_ceil(bytes_.size() + data.size()));  // few sizes, so that lent buffers fit
    }
    bytes_.insert(bytes_.end(), data.begin(), data.end());
  }
  void consume(std::size_t count) noexcept { sent_ += count; }

  /// Drops what is left and gives the memory back.
  void release(LoopCore& core) {
    if (bytes_.capacity() == 0) return;
    core.give_back(std::move(bytes_));
    bytes_ = {};
    sent_ = 0;
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t sent_ = 0;
};

}  // namespace antiphon::asio_style::detail
