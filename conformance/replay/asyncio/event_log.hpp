#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "json.hpp"

namespace antiphon::asyncio_replay {

/// What happened, in the format of the traces. The loop's thread writes events, each peer's thread its steps;
/// both sides wait for labels ("CM", "mark:go", "peer:ready"), counted when they are recorded.
class EventLog {
 public:
  /// Adds an event of the loop's thread, with "in" as the callback or method that runs. The number is for
  /// amend.
  std::size_t add(Json event);
  /// Puts what a call returned into its event, which was logged when the call began.
  void amend(std::size_t event, const Json& more);
  void add_peer(Json step);

  /// Counts a label that is no event: "peer:done", "start_tls_done".
  void reach(const std::string& label);
  [[nodiscard]] bool reached(const std::string& label, int count) const;
  /// Blocks a peer's thread until then or until `stop` is true; `stop` is asked whenever anything happens.
  void wait(const std::string& label, int count, const std::function<bool()>& stop);
  /// Calls `fn` on the thread that records the label for the count-th time; at once if that is past.
  void when(const std::string& label, int count, std::function<void()> fn);
  /// Lets those who wait ask their `stop` again.
  void wake();

  /// Changes with everything recorded: two equal values mean that nothing happened in between.
  [[nodiscard]] std::uint64_t revision() const;

  [[nodiscard]] Json events() const;
  [[nodiscard]] Json peer_events() const;

  /// While it lives, events are recorded as coming from inside `name`. The loop's thread only.
  class Inside {
   public:
    Inside(EventLog& log, std::string name) : log_(log) { log_.inside_.push_back(std::move(name)); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { log_.inside_.pop_back(); }

   private:
    EventLog& log_;
  };

 private:
  struct Waiting {
    std::string label;
    int count;
    std::function<void()> fn;
  };
  /// Counts the label and takes out who waited for it.
  std::vector<std::function<void()>> count(const std::string& label);
  void tell(const std::vector<std::string>& labels);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Json events_ = Json::array();
  Json peer_events_ = Json::array();
  std::map<std::string, int> counts_;
  std::vector<Waiting> waiting_;
  std::uint64_t revision_ = 0;
  std::vector<std::string> inside_;
};

}  // namespace antiphon::asyncio_replay
