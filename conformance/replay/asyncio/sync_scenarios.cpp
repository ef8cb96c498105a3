// Scenarios that run, stop and close the loop themselves.

#include <functional>
#include <map>

#include "calls.hpp"
#include "main_steps.hpp"
#include "static_types.hpp"
#include "waiting.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

using asio_style::EventLoop;
using asio_style::Task;
using std::chrono::milliseconds;

void stop_and_run_again(Session& session) {
  EventLoop& loop = session.loop;
  const auto soon = [&](const std::string& tag, const std::function<void()>& then = {}) {
    return loop.call_soon([&session, tag, then] {
      session.log.add({{"event", "soon"}, {"tag", tag}});
      if (then) then();
    });
  };
  soon("a", [&] {
    loop.stop();
    soon("queued-by-a");
  });
  soon("after-stop-same-iteration");
  loop.run_forever();
  mark(session, "run_forever returned 1");
  loop.stop();
  loop.run_forever();
  mark(session, "run_forever returned 2");
  soon("c", [&] { loop.stop(); });
  loop.run_forever();
  mark(session, "run_forever returned 3");

  const auto value = []() -> Task<int> { co_return 42; };
  const auto raises = []() -> Task<void> {
    throw asio_style::ValueError("boom");
    co_return;
  };
  record_call(session, call_event("run_until_complete", only("value")),
              [&] { return loop.run_until_complete(value()); });
  record_call(session, call_event("run_until_complete", only("raises")),
              [&] { loop.run_until_complete(raises()); });
  record_call(session, call_event("run_until_complete", only("stopped early")), [&] {
    loop.call_soon([&] { loop.stop(); });
    loop.run_until_complete(loop.create_future<>());
  });
}

template <class Argument>
void call_later_if_it_compiles(EventLoop& loop, Argument argument) {
  if constexpr (static_types::delay<Argument>) {
    loop.call_later(argument, [] {});
  } else {
    refuse_type("delay must not be None");
  }
}

template <class Argument>
void call_at_if_it_compiles(EventLoop& loop, Argument argument) {
  if constexpr (static_types::moment<Argument>) {
    loop.call_at(argument, [] {});
  } else {
    refuse_type("when cannot be None");
  }
}

Task<void> misuse_running(Session& session) {
  EventLoop& loop = session.loop;
  record_call(session, call_event("run_forever", only("running loop")), [&] { loop.run_forever(); });
  record_call(session, call_event("run_forever", only("other loop inside")), [] {
    EventLoop other;
    other.run_forever();
  });
  record_call(session, call_event("close", only("running")), [&] { loop.close(); });
  record_call(session, call_event("call_later", only(nullptr)),
              [&] { call_later_if_it_compiles(loop, std::nullopt); });
  record_call(session, call_event("call_at", only(nullptr)),
              [&] { call_at_if_it_compiles(loop, std::nullopt); });
  co_return;
}

void errors(Session& session) {
  EventLoop& loop = session.loop;
  loop.run_until_complete(misuse_running(session));
  loop.close();
  record_call(session, call_event("close", only("second")), [&] { loop.close(); });
  const auto on_closed = [&](const char* op, const std::function<void()>& fn) {
    record_call(session, call_event(op, only("closed loop")), fn);
  };
  on_closed("call_soon", [&] { loop.call_soon([] {}); });
  on_closed("call_later", [&] { loop.call_later(milliseconds(0), [] {}); });
  on_closed("call_soon_threadsafe", [&] { loop.call_soon_threadsafe([] {}); });
  on_closed("run_forever", [&] { loop.run_forever(); });
  on_closed("add_reader", [&] { loop.add_reader(0, [] {}); });
  on_closed("time", [&] { static_cast<void>(loop.time()); });
  mark(session, "is_closed", {{"ret", loop.is_closed()}});
}

/// Closing the loop tells no protocol anything (AS-285).
void close_with_connection(Session& session) {
  const auto until_data = [](Session& s) -> Task<void> {
    s.servers.push_back(co_await open_server(s, s.scenario.listen));
    s.start_peers(address_of(s, 0));
    co_await wait_for_label(s, "DR", 1, milliseconds(5000));
  };
  session.loop.run_until_complete(until_data(session));
  session.loop.close();
  mark(session, "loop closed");
  session.connections.clear();
  session.servers.clear();
  mark(session, "collected");
}

}  // namespace

void run_sync(Session& session, const std::string& name) {
  static const std::map<std::string, void (*)(Session&)> table{
      {"stop", stop_and_run_again}, {"errors", errors}, {"close_conn", close_with_connection}};
  const auto found = table.find(name);
  if (found == table.end()) {
    throw HarnessError("unknown sync scenario '" + name +
                       "': the format does not describe it, it has to be added by hand");
  }
  found->second(session);
}

}  // namespace antiphon::asyncio_replay
