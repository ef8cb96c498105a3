#include "timer_queue.hpp"

#include <algorithm>
#include <utility>

namespace antiphon::asio_style::detail {

namespace {

// std::*_heap keeps the greatest on top; the greatest here is the one that is due first.
bool later(const std::shared_ptr<HandleState>& a, const std::shared_ptr<HandleState>& b) {
  return a->when > b->when;
}

}  // namespace

void TimerQueue::add(std::shared_ptr<HandleState> handle) {
  if (heap_.size() >= sweep_at_) drop_cancelled();
  heap_.push_back(std::move(handle));
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void TimerQueue::take_due(TimePoint now, std::vector<std::shared_ptr<HandleState>>& due) {
  while (!heap_.empty() && heap_.front()->when <= now) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    if (!heap_.back()->cancelled) due.push_back(std::move(heap_.back()));
    heap_.pop_back();
  }
}

TimePoint TimerQueue::next() {
  while (!heap_.empty() && heap_.front()->cancelled) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
  }
  return heap_.empty() ? TimePoint::max() : heap_.front()->when;
}

void TimerQueue::drop_cancelled() {
  std::erase_if(heap_, [](const auto& handle) { return handle->cancelled; });
  std::make_heap(heap_.begin(), heap_.end(), later);
  sweep_at_ = std::max<std::size_t>(128, 2 * heap_.size());
}

}  // namespace antiphon::asio_style::detail
