#include "event_log.hpp"

#include <algorithm>

namespace antiphon::asyncio_replay {

namespace {

/// An event counts under its own name, and a tagged one under "mark:tag" as well.
std::vector<std::string> labels_of(const Json& event) {
  std::vector<std::string> labels{event.at("event")};
  if (event.contains("tag")) labels.push_back(labels.front() + ":" + event["tag"].get<std::string>());
  return labels;
}

}  // namespace

std::size_t EventLog::add(Json event) {
  const auto labels = labels_of(event);
  std::size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!inside_.empty()) event["in"] = inside_.back();
    number = events_.size();
    events_.push_back(std::move(event));
  }
  tell(labels);
  return number;
}

void EventLog::amend(std::size_t event, const Json& more) {
  const std::lock_guard lock(mutex_);
  events_.at(event).update(more);
  ++revision_;
}

void EventLog::add_peer(Json step) {
  const std::lock_guard lock(mutex_);
  peer_events_.push_back(std::move(step));
  ++revision_;
}

void EventLog::reach(const std::string& label) {
  tell({label});
}

std::vector<std::function<void()>> EventLog::count(const std::string& label) {
  const int count = ++counts_[label];
  std::vector<std::function<void()>> due;
  std::erase_if(waiting_, [&](Waiting& waiting) {
    if (waiting.label != label || waiting.count > count) return false;
    due.push_back(std::move(waiting.fn));
    return true;
  });
  return due;
}

void EventLog::tell(const std::vector<std::string>& labels) {
  std::vector<std::function<void()>> due;
  {
    const std::lock_guard lock(mutex_);
    ++revision_;
    for (const std::string& label : labels) {
      auto more = count(label);
      due.insert(due.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }
  }
  changed_.notify_all();
  for (const auto& fn : due) fn();
}

bool EventLog::reached(const std::string& label, int count) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(label);
  return found != counts_.end() && found->second >= count;
}

void EventLog::wait(const std::string& label, int count, const std::function<bool()>& stop) {
  std::unique_lock lock(mutex_);
  const auto there = [&] {
    const auto found = counts_.find(label);
    return found != counts_.end() && found->second >= count;
  };
  while (!there()) {
    lock.unlock();
    const bool stopped = stop();
    lock.lock();
    if (stopped) return;
    // A short slice: `stop` may turn true between the question and the wait.
    if (!there()) changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
}

void EventLog::when(const std::string& label, int count, std::function<void()> fn) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(label);
    if (found == counts_.end() || found->second < count) {
      waiting_.push_back({label, count, std::move(fn)});
      return;
    }
  }
  fn();
}

void EventLog::wake() {
  changed_.notify_all();
}

std::uint64_t EventLog::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

Json EventLog::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

Json EventLog::peer_events() const {
  const std::lock_guard lock(mutex_);
  return peer_events_;
}

}  // namespace antiphon::asyncio_replay
