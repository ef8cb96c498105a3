#pragma once

#include <utility>

#include "antiphon/asio_style/handle.hpp"

namespace antiphon::asio_style::detail {

/// A timer that is of no use beyond a scope: cancelled at its end, however that is reached.
class ScopedTimer {
 public:
  ScopedTimer() = default;
  explicit ScopedTimer(TimerHandle timer) : timer_(std::move(timer)) {}
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;
  ~ScopedTimer() { timer_.cancel(); }

 private:
  TimerHandle timer_;
};

}  // namespace antiphon::asio_style::detail
