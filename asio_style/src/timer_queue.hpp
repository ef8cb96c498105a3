#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "handle_state.hpp"

namespace antiphon::asio_style::detail {

/// A heap of timers by due time. Cancelled ones stay until they come up or are too many, so that cancelling
/// costs nothing: servers set a time limit per request and nearly always cancel it.
class TimerQueue {
 public:
  void add(std::shared_ptr<HandleState> handle);
  /// Moves what is due at `now` to `due`, earliest first (AS-269).
  void take_due(TimePoint now, std::vector<std::shared_ptr<HandleState>>& due);
  /// The earliest due time; TimePoint::max() if there is none. Drops cancelled timers from the top.
  [[nodiscard]] TimePoint next();
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  void clear() noexcept { heap_.clear(); }

 private:
  void drop_cancelled();

  std::vector<std::shared_ptr<HandleState>> heap_;
  std::size_t sweep_at_ = 128;  // size at which cancelled timers are swept out; doubled when few were found
};

}  // namespace antiphon::asio_style::detail
