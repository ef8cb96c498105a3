#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace antiphon::cl_async_style {

/// set_socket_timeouts (CL-155 to CL-159), without a timer or the time of day.
///
/// Each limit has a timer that is set once and, when it fires too early because something moved meanwhile,
/// again for what is left: no timer is touched by a read or a write.
class idle_limits {
 public:
  using milliseconds = std::chrono::milliseconds;

  /// None, zero or less: no limit (CL-155).
  idle_limits(std::optional<milliseconds> read, std::optional<milliseconds> write, milliseconds now)
      : read_(std::max(read.value_or(milliseconds(0)), milliseconds(0))),
        write_(std::max(write.value_or(milliseconds(0)), milliseconds(0))),
        last_read_(now),
        last_write_(now) {}

  void was_read(milliseconds now) noexcept { last_read_ = now; }
  void was_written(milliseconds now) noexcept { last_write_ = now; }

  [[nodiscard]] milliseconds read() const noexcept { return read_; }
  [[nodiscard]] milliseconds write() const noexcept { return write_; }

  /// How long the timer of reading is to wait from now on; none: the limit is reached.
  [[nodiscard]] std::optional<milliseconds> read_left(milliseconds now) const noexcept {
    return left(read_, now - last_read_);
  }
  /// The same of writing. Only output that waits can be stuck (unlike upstream, CL-158).
  [[nodiscard]] std::optional<milliseconds> write_left(milliseconds now, bool output_waits) const noexcept {
    return output_waits ? left(write_, now - last_write_) : write_;
  }

 private:
  static std::optional<milliseconds> left(milliseconds limit, milliseconds idle) noexcept {
    if (idle >= limit) return std::nullopt;
    return limit - idle;
  }
  milliseconds read_;
  milliseconds write_;
  milliseconds last_read_;
  milliseconds last_write_;
};

}  // namespace antiphon::cl_async_style
