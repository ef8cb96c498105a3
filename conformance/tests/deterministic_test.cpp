// The pure logic of both styles without a socket, a thread or the time of day: asio_style's table of phases
// and queue of timers, and the water marks that both styles share, between a clock that is moved by hand and
// a wire in memory. What they tell is judged by the kit's own automaton.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "antiphon/cl_async_style.hpp"
#include "antiphon/flow_control.hpp"
#include "checker.hpp"
#include "connection_state.hpp"
#include "timer_queue.hpp"

namespace antiphon::conformance {
namespace {

namespace detail = asio_style::detail;
using detail::Phase;

/// Takes octets until it is full; a peer takes them off.
struct Wire {
  static constexpr std::size_t capacity = 100;
  std::size_t filled = 0;
  std::size_t take(std::size_t octets) {
    const std::size_t taken = std::min(octets, capacity - filled);
    filled += taken;
    return taken;
  }
};

/// A connection made of the table and the marks alone; one turn of its loop is turn().
class Connection {
 public:
  Connection() { [[maybe_unused]] const FlowSignal none = marks_.set(50, 10, 0); }

  void begin() {
    if (!detail::permits(phase_).cm) return;
    phase_ = detail::next(phase_, detail::Step::begin);
    tell("CM");
  }
  void receive() {
    if (detail::permits(phase_).dr_er) tell("DR");
  }
  void end(bool keep) {
    if (!detail::permits(phase_).dr_er) return;
    tell("ER");
    if (keep)
      phase_ = detail::next(phase_, detail::Step::keep_after_eof);
    else
      close();
  }
  void write(std::size_t octets) {
    if (!detail::permits(phase_).takes_writes || phase_ == Phase::made) return;
    written_ += octets;
    if (waiting_ == 0) octets -= wire.take(octets);
    waiting_ += octets;
    if (octets > 0 && marks_.added(waiting_) == FlowSignal::pause) tell("PW", waiting_);
  }
  void close() {
    phase_ = detail::next(phase_, waiting_ == 0 ? detail::Step::close_empty : detail::Step::close_buffered);
  }
  void abort() {
    phase_ = detail::next(phase_, detail::Step::drop);
    if (phase_ == Phase::losing) {
      aborted_ = aborted_ || waiting_ > 0;
      waiting_ = 0;
    }
  }
  /// The peer reads all, the loop sends what it can, and what is queued is told.
  void turn() {
    read_ += wire.filled;
    wire.filled = 0;
    if (waiting_ > 0) {
      waiting_ -= wire.take(waiting_);
      if (marks_.removed(waiting_) == FlowSignal::resume) tell("RW", waiting_);
    }
    if (waiting_ == 0) phase_ = detail::next(phase_, detail::Step::flushed);
    if (detail::permits(phase_).cl && phase_ == Phase::losing) {
      tell("CL");
      phase_ = detail::next(phase_, detail::Step::told);
    }
  }
  [[nodiscard]] bool over() const { return phase_ == Phase::ended; }

  Wire wire;
  Trace trace;
  std::size_t written_ = 0;
  std::size_t read_ = 0;
  bool aborted_ = false;

 private:
  void tell(const char* kind, std::size_t buffered = 0) {
    Event event{kind, 0, static_cast<int>(trace.size()), {}};
    if (event.kind == "DR") event.fields["bytes"] = 1;
    if (event.kind == "CL") event.fields["cause"] = "none";
    if (event.kind == "PW" || event.kind == "RW") event.fields["buffered"] = buffered;
    trace.push_back(std::move(event));
  }
  Phase phase_ = Phase::made;
  WaterMarks marks_;
  std::size_t waiting_ = 0;
};

using Move = void (*)(Connection&);
constexpr std::array<Move, 9> moves{
    [](Connection& c) { c.receive(); },  [](Connection& c) { c.end(true); },
    [](Connection& c) { c.end(false); }, [](Connection& c) { c.write(30); },
    [](Connection& c) { c.write(400); }, [](Connection& c) { c.close(); },
    [](Connection& c) { c.abort(); },    [](Connection& c) { c.turn(); },
    [](Connection& c) { c.begin(); },
};

/// Every sequence of `left` more moves.
void play(std::vector<Move>& script, int left, std::size_t& played) {
  if (left > 0) {
    for (const Move each : moves) {
      script.push_back(each);
      play(script, left - 1, played);
      script.pop_back();
    }
    return;
  }
  ++played;
  Connection connection;
  connection.begin();
  for (const Move each : script) each(connection);
  connection.close();
  for (int i = 0; i < 40 && !connection.over(); ++i) connection.turn();
  connection.turn();
  ASSERT_TRUE(connection.over()) << render(connection.trace);
  const auto order = check_order(connection.trace);
  ASSERT_FALSE(order) << order->message << '\n' << render(connection.trace);
  Scenario marks;
  marks.server.limits.emplace(50, 10);
  const PeerRecord peer;
  std::vector<std::string> exercised;
  const auto model = check_model({marks, connection.trace, peer, "tcp", "", false}, exercised);
  ASSERT_FALSE(model) << model->message << '\n' << render(connection.trace);
  // CLO-02, CLO-04: an orderly end sends all, an abort sends no more than was written.
  ASSERT_TRUE(connection.aborted_ || connection.read_ == connection.written_) << render(connection.trace);
  ASSERT_LE(connection.read_, connection.written_);
}

TEST(deterministic, every_sequence_of_six_moves_keeps_the_order_and_the_marks) {
  std::vector<Move> script;
  std::size_t played = 0;
  play(script, 5, played);
  EXPECT_EQ(played, 59049U);
}

TEST(deterministic, no_phase_permits_a_callback_that_the_kits_automaton_forbids) {
  // AS: the phases of asio_style and the states of the automaton are two tellings of the same.
  const auto told = [](Phase phase) {
    switch (phase) {
      case Phase::made:
        return std::string();
      case Phase::half_closed:
        return std::string("CM ER");
      default:
        return std::string("CM");
    }
  };
  for (const Phase phase : {Phase::made, Phase::open, Phase::half_closed, Phase::flushing, Phase::losing}) {
    const detail::Permits& permits = detail::permits(phase);
    const auto breaks = [&](const char* event) {
      Trace trace;
      if (!told(phase).empty()) trace.push_back({"CM", 0, 0, {}});
      if (told(phase) == "CM ER") trace.push_back({"ER", 0, 1, {}});
      trace.push_back({event, 0, 2, {}});
      return check_order(trace, false).has_value();
    };
    EXPECT_FALSE(permits.cm && breaks("CM")) << static_cast<int>(phase);
    EXPECT_FALSE(permits.dr_er && (breaks("DR") || breaks("ER"))) << static_cast<int>(phase);
    EXPECT_FALSE(permits.pw && breaks("PW")) << static_cast<int>(phase);
    EXPECT_FALSE(permits.cl && breaks("CL")) << static_cast<int>(phase);
  }
}

TEST(deterministic, timers_run_by_a_clock_that_is_moved_by_hand) {  // ORD-12, AS-269
  using asio_style::TimePoint;
  using namespace std::chrono_literals;
  detail::TimerQueue queue;
  const TimePoint start{};
  std::vector<int> ran;
  const auto add = [&](std::chrono::milliseconds after, int number) {
    auto handle =
        std::make_shared<detail::HandleState>([&ran, number] { ran.push_back(number); }, "call_later");
    handle->when = start + after;
    queue.add(handle);
    return handle;
  };
  const auto advance = [&](std::chrono::milliseconds to) {
    std::vector<std::shared_ptr<detail::HandleState>> due;
    queue.take_due(start + to, due);
    for (const auto& each : due) each->fn();
  };
  add(30ms, 30);
  add(10ms, 10);
  const auto cancelled = add(20ms, 20);
  add(20ms, 21);
  advance(9ms);
  EXPECT_TRUE(ran.empty());
  cancelled->cancelled = true;
  EXPECT_EQ(queue.next(), start + 10ms);
  advance(25ms);
  EXPECT_EQ(ran, (std::vector{10, 21}));
  advance(30ms);
  EXPECT_EQ(ran, (std::vector{10, 21, 30}));
  EXPECT_TRUE(queue.empty());
}

TEST(deterministic, cl_async_styles_conditions_follow_from_the_number_alone) {  // CL-060
  namespace as = cl_async_style;
  const auto reset = as::errno_event(-ECONNRESET, true);
  EXPECT_TRUE(as::condition_cast<as::socket_reset>(*reset));
  EXPECT_FALSE(as::condition_cast<as::socket_reset>(*as::errno_event(-ECONNRESET, false)));
  EXPECT_TRUE(as::condition_cast<as::streamish_broken_pipe>(*as::errno_event(-EPIPE, true)));
  EXPECT_TRUE(as::condition_cast<as::socket_timeout>(*as::errno_event(-ETIMEDOUT, true)));
}

}  // namespace
}  // namespace antiphon::conformance
