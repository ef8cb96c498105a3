#include "waiting.hpp"

namespace antiphon::asyncio_replay {

asio_style::Task<void> pause(Session& session, std::chrono::milliseconds length) {
  session.start_ticking();
  const auto over = session.loop.create_future<>();
  const Timekeeper::Ticket ticket = session.time.enter(length, [over] { over.set_result(); });
  co_await over;
  session.time.leave(ticket);
}

asio_style::Task<bool> wait_for_label(Session& session, std::string label, int count,
                                      std::chrono::milliseconds limit) {
  session.start_ticking();
  const auto there = session.loop.create_future<bool>();
  const auto tell = [there](bool reached) {
    if (!there.done()) there.set_result(reached);
  };
  const Timekeeper::Ticket ticket = session.time.enter(limit, [tell] { tell(false); });
  // A label may be recorded by a peer's thread; an event of the loop's own wakes the waiter from the next
  // turn on.
  session.log.when(label, count, [&session, tell, loops_thread = std::this_thread::get_id()] {
    if (std::this_thread::get_id() == loops_thread) return tell(true);
    try {
      session.loop.call_soon_threadsafe([tell] { tell(true); });
    } catch (
        const asio_style::RuntimeError&) {  // NOLINT(bugprone-empty-catch): the loop is closed, nobody waits
    }
  });
  const bool reached = co_await there;
  session.time.leave(ticket);
  co_return reached;
}

}  // namespace antiphon::asyncio_replay
