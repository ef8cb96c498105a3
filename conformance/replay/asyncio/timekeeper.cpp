#include "timekeeper.hpp"

#include <algorithm>
#include <thread>

namespace antiphon::asyncio_replay {

Timekeeper::Ticket Timekeeper::enter(Milliseconds length, std::function<void()> over) {
  const std::lock_guard lock(mutex_);
  const Ticket ticket = next_ticket_++;
  pauses_[ticket] = {now_ + length, Clock::now() + length, std::move(over)};
  return ticket;
}

bool Timekeeper::is_over(Ticket ticket) const {
  const std::lock_guard lock(mutex_);
  const auto found = pauses_.find(ticket);
  return released_ || found == pauses_.end() || found->second.ended;
}

void Timekeeper::leave(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  pauses_.erase(ticket);
}

void Timekeeper::sleep(Milliseconds length) {
  const Ticket ticket = enter(length);
  {
    const Parked parked(*this, [this, ticket] { return !is_over(ticket); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return released_ || pauses_.at(ticket).ended; });
  }
  leave(ticket);
}

void Timekeeper::block(Milliseconds length) {
  const Ticket ticket = enter(length);
  blocking_ = true;
  while (!is_over(ticket)) {
    std::this_thread::sleep_for(Milliseconds(1));
    tick();
  }
  blocking_ = false;
  leave(ticket);
}

void Timekeeper::join() {
  const std::lock_guard lock(mutex_);
  ++peers_;
}

void Timekeeper::quit() {
  {
    const std::lock_guard lock(mutex_);
    --peers_;
    ++moves_;
  }
  changed_.notify_all();
}

Timekeeper::Parked::Parked(Timekeeper& time, std::function<bool()> at_rest) : time_(time) {
  {
    const std::lock_guard lock(time_.mutex_);
    id_ = time_.next_parking_++;
    ++time_.moves_;
    time_.parked_[id_] = std::move(at_rest);
  }
  time_.changed_.notify_all();
}

Timekeeper::Parked::~Parked() {
  const std::lock_guard asked(time_.asking_);
  const std::lock_guard lock(time_.mutex_);
  ++time_.moves_;
  time_.parked_.erase(id_);
}

bool Timekeeper::at_rest(std::unique_lock<std::mutex>& lock) {
  if (static_cast<int>(parked_.size()) < peers_) return false;
  lock.unlock();  // the questions take locks of their own
  bool rest = false;
  {
    const std::lock_guard asking(asking_);
    lock.lock();
    const auto parked = parked_;
    lock.unlock();
    rest = std::all_of(parked.begin(), parked.end(), [](const auto& entry) { return entry.second(); });
  }
  lock.lock();
  return rest;
}

void Timekeeper::tick() {
  const std::uint64_t revision = revision_();
  std::unique_lock lock(mutex_);
  const bool rest = at_rest(lock);
  const bool same = revision == seen_revision_ && moves_ == seen_moves_;
  seen_revision_ = revision;
  seen_moves_ = moves_;
  quiet_ = rest && same ? quiet_ + 1 : 0;
  if (quiet_ < quiet_ticks) return;
  // A timer whose pause is over has to run before the next one's is; a blocked loop can't run any.
  const auto ended = [](const auto& entry) { return entry.second.ended; };
  if (!blocking_ && std::any_of(pauses_.begin(), pauses_.end(), ended)) return;
  auto next = pauses_.end();
  for (auto pause = pauses_.begin(); pause != pauses_.end(); ++pause) {
    if (pause->second.ended) continue;
    if (next == pauses_.end() || pause->second.due < next->second.due) next = pause;
  }
  if (next == pauses_.end() || Clock::now() < next->second.not_before) return;
  next->second.ended = true;
  now_ = std::max(now_, next->second.due);
  quiet_ = 0;
  const auto over = next->second.over;
  lock.unlock();
  changed_.notify_all();
  if (over) over();
}

void Timekeeper::release() {
  {
    const std::lock_guard lock(mutex_);
    released_ = true;
  }
  changed_.notify_all();
}

bool Timekeeper::released() const {
  const std::lock_guard lock(mutex_);
  return released_;
}

std::uint64_t Timekeeper::moves() const {
  const std::lock_guard lock(mutex_);
  return moves_;
}

void Timekeeper::wait_for_move(std::uint64_t since, Milliseconds limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [&] { return released_ || moves_ != since; });
}

}  // namespace antiphon::asyncio_replay
