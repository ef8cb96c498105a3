#pragma once

#include <cstddef>
#include <optional>

namespace antiphon {

/// What the writer is to be told after the buffer's size changed.
enum class FlowSignal { none, pause, resume };

/// The arithmetic of write flow control, without a socket (AS-113 to AS-128).
///
/// Pauses strictly above the high mark, resumes at or below the low one, in strict alternation.
class WaterMarks {
 public:
  static constexpr std::size_t default_high = 65536;  ///< octets (AS-113)
  static constexpr std::size_t default_low = 16384;

  constexpr WaterMarks() = default;
  /// As set(): throws std::invalid_argument unless high >= low.
  WaterMarks(std::optional<std::size_t> high, std::optional<std::size_t> low) { set(high, low, 0); }

  /// Changes the marks while `size` octets wait. Only high: low = high / 4 (AS-114). Only low: high = 4 * low
  /// (AS-115). None: the defaults (AS-116). Throws std::invalid_argument naming both unless high >= low, and
  /// changes nothing then (AS-117). May say pause (AS-127), never resume (AS-128).
  FlowSignal set(std::optional<std::size_t> high, std::optional<std::size_t> low, std::size_t size);

  /// Call after octets were added: pause if size > high and not paused (AS-119, AS-120, AS-124).
  [[nodiscard]] constexpr FlowSignal added(std::size_t size) noexcept {
    if (paused_ || size <= high_) return FlowSignal::none;
    paused_ = true;
    return FlowSignal::pause;
  }
  /// Call after octets left: resume if size <= low and paused (AS-122).
  [[nodiscard]] constexpr FlowSignal removed(std::size_t size) noexcept {
    if (!paused_ || size > low_) return FlowSignal::none;
    paused_ = false;
    return FlowSignal::resume;
  }

  [[nodiscard]] constexpr std::size_t high() const noexcept { return high_; }
  [[nodiscard]] constexpr std::size_t low() const noexcept { return low_; }
  [[nodiscard]] constexpr bool paused() const noexcept { return paused_; }

 private:
  std::size_t high_ = default_high;
  std::size_t low_ = default_low;
  bool paused_ = false;
};

}  // namespace antiphon
