#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

namespace antiphon::asyncio_replay {

/// Makes the pauses of a scenario mean "when all that is going on has come to rest", in the order of their
/// lengths, so that a crowded machine changes nothing.
///
/// A pause (of a peer, of the main steps, of a timer) is a ticket. It is over when its real time has passed,
/// every pause that would end before it is over, and nothing happens any more: all peers are parked (they
/// sleep, wait for a label, or block on a socket that is not ready) and nothing was recorded over several
/// turns of the loop. Tick it on the loop's thread once per turn or so.
class Timekeeper {
 public:
  using Ticket = std::uint64_t;
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;

  /// `revision` changes with everything that happens.
  explicit Timekeeper(std::function<std::uint64_t()> revision) : revision_(std::move(revision)) {}

  /// Begins a pause. `over`, if given, is called by the tick that ends it.
  Ticket enter(Milliseconds length, std::function<void()> over = {});
  [[nodiscard]] bool is_over(Ticket ticket) const;
  /// Gives the ticket back: the pause was seen to be over, or is of no more interest.
  void leave(Ticket ticket);

  /// For a peer's thread: sleeps.
  void sleep(Milliseconds length);
  /// For the loop's thread: blocks it, while peers go on.
  void block(Milliseconds length);

  /// Peers are counted from before their thread starts to its end.
  void join();
  void quit();
  /// While it lives, the peer's thread is at rest as long as `at_rest` says so; asked on the loop's thread.
  class Parked {
   public:
    Parked(Timekeeper& time, std::function<bool()> at_rest);
    Parked(const Parked&) = delete;
    Parked& operator=(const Parked&) = delete;
    ~Parked();

   private:
    Timekeeper& time_;
    std::uint64_t id_;
  };

  /// Ends the next pause if everything is at rest.
  void tick();
  /// The run is over: every pause ends at once, present and future ones.
  void release();
  [[nodiscard]] bool released() const;
  /// Counts the beginnings and ends of parking; and waits, for so long at most, until it is another number.
  [[nodiscard]] std::uint64_t moves() const;
  void wait_for_move(std::uint64_t since, Milliseconds limit);

 private:
  struct Pause {
    Milliseconds due;  ///< on the scenario's own clock
    Clock::time_point not_before;
    std::function<void()> over;
    bool ended = false;
  };
  [[nodiscard]] bool at_rest(std::unique_lock<std::mutex>& lock);

  /// Ticks without any change before a pause ends.
  static constexpr int quiet_ticks = 3;

  std::function<std::uint64_t()> revision_;
  std::mutex asking_;  ///< held while the parked are asked: none of them leaves meanwhile. Before mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Ticket, Pause> pauses_;
  std::map<std::uint64_t, std::function<bool()>> parked_;
  Ticket next_ticket_ = 1;
  std::uint64_t next_parking_ = 1;
  std::uint64_t moves_ = 0;  ///< parkings begun and ended: they are changes, too
  int peers_ = 0;
  Milliseconds now_{0};
  bool blocking_ = false;
  bool released_ = false;
  std::uint64_t seen_revision_ = 0;
  std::uint64_t seen_moves_ = 0;
  int quiet_ = 0;
};

}  // namespace antiphon::asyncio_replay
