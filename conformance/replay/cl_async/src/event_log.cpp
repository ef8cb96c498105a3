#include "event_log.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace antiphon::conformance::cl_async {

namespace {

std::size_t count_of(const Json& events, const std::string& name) {
  return static_cast<std::size_t>(std::count_if(
      events.begin(), events.end(), [&](const Json& event) { return event.at("event") == name; }));
}

}  // namespace

void EventLog::add(Json event) {
  const std::scoped_lock lock(mutex_);
  events_.push_back(std::move(event));
  changed_.notify_all();
}

Json EventLog::events() const {
  const std::scoped_lock lock(mutex_);
  return events_;
}

std::size_t EventLog::count(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  return count_of(events_, name);
}

void EventLog::end() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool EventLog::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

bool EventLog::wait_event(const std::string& name, std::size_t count, std::chrono::milliseconds limit) {
  return wait([&](const Json& events) { return count_of(events, name) >= count; }, limit);
}

bool EventLog::wait(const std::function<bool(const Json&)>& done, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  // When it is there but this thread has not run on yet, the peer does not wait.
  peer_waits_ = [&] { return !done(events_); };
  changed_.wait_for(lock, limit, [&] { return done(events_) || ended_; });
  peer_waits_ = [] { return false; };
  return done(events_);
}

void EventLog::peer_is_at(std::function<bool()> waits) {
  const std::scoped_lock lock(mutex_);
  peer_waits_ = std::move(waits);
}

bool EventLog::peer_waits() const {
  const std::scoped_lock lock(mutex_);
  return peer_waits_();
}

void EventLog::let_peer_come_to_wait(std::chrono::milliseconds limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!peer_waits() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace antiphon::conformance::cl_async
