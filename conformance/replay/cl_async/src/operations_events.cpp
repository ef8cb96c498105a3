#include "operations.hpp"

namespace antiphon::conformance::cl_async {

namespace cl = cl_async_style;
using std::chrono::milliseconds;

namespace {

milliseconds time_of(const Op& op) {
  return milliseconds(op.arg(0).get<int>());
}

void delay(Server& server, const Op& op, const SocketPtr& on) {
  server.later(time_of(op), [&server, ops = parse_ops(op.arg(1)), on] { server.run_ops(ops, on); });
}

void interval(Server& server, const Op& op, const SocketPtr&) {
  const int times = op.arg(1).get<int>();
  const int error_at = op.options.value("error_at", 0);
  auto cancel = std::make_shared<std::function<void()>>();
  *cancel = cl::interval(
      [&server, times, error_at, cancel, n = 0]() mutable {
        server.log({{"event", "interval"}, {"n", ++n}});
        if (n == error_at) throw AppError("interval boom");
        if (n < times) return;
        server.log_op("remove_interval");
        const auto now = std::move(*cancel);
        cl::remove_interval(now);
      },
      time_of(op));
}

/// What a fired event can still be asked.
void event_ops(Server& server, const Op&, const SocketPtr&) {
  const std::shared_ptr<cl::event> one_shot = cl::delay([&server] {
    server.log({{"event", "timer"}, {"label", "one-shot"}});
  });
  server.later(milliseconds(60), [&server, one_shot] {
    server.log({{"event", "log"}, {"label", "after"}, {"freed", cl::event_freed_p(*one_shot)}});
    try {
      cl::free_event(*one_shot);
    } catch (const cl::event_info& error) {
      server.log_op_error("free_event", error);
    }
  });
}

void unref_timer(Server& server, const Op& op, const SocketPtr&) {
  server.log_op(op.name);
  cl::unref(*cl::delay(
      [&server] {
        server.log({{"event", "timer"}, {"label", "unref"}});
      },
      {.time = time_of(op)}));
}

void idle(Server& server, const Op& op, const SocketPtr&) {
  auto self = std::make_shared<std::shared_ptr<cl::idler>>();
  *self = cl::idle([&server, self, times = op.arg(0).get<int>(), n = 0]() mutable {
    server.log({{"event", "idle"}, {"n", ++n}});
    if (n < times) return;
    server.log_op("free_idler");
    const auto now = std::move(*self);
    cl::free_idler(*now);
  });
}
void idle_silent(Server& server, const Op& op, const SocketPtr&) {
  server.log_op(op.name);
  cl::idle([] {});
}

void notifier(Server& server, const Op&, const SocketPtr&) {
  server.notifier = cl::make_notifier([&server] { server.log({{"event", "notifier"}}); });
  server.threads.emplace_back([which = server.notifier] { cl::trigger_notifier(*which); });
}
void trigger_again(Server& server, const Op& op, const SocketPtr&) {
  if (!server.notifier) throw HarnessError(op.name + ": there is no notifier");
  cl::trigger_notifier(*server.notifier);
}

void signal(Server& server, const Op& op, const SocketPtr&) {
  const int number = op.arg(0).get<int>();
  server.log_op(op.name, {{"signo", number}});
  cl::signal_handler(number, [&server](int signo) { server.log({{"event", "signal"}, {"signo", signo}}); });
}
void free_signal(Server& server, const Op& op, const SocketPtr&) {
  server.log_op(op.name);
  cl::free_signal_handler(op.arg(0).get<int>());
}

void poll(Server& server, const Op& op, const SocketPtr&) {
  auto self = std::make_shared<std::shared_ptr<cl::poller>>();
  *self = cl::poll(server.stage().descriptor(op.arg(0)),
                   [&server, self](cl::poll_events ready) {
                     Json events = Json::array();
                     if (ready.readable) events.push_back("readable");
                     if (ready.writable) events.push_back("writable");
                     server.log({{"event", "poll"}, {"events", events}});
                     const auto now = std::move(*self);
                     cl::free_poller(*now);
                   },
                   {.event_cb = server.event_cb("poll", Server::Whose::listener),
                    .poll_for = {.readable = true, .writable = false}});
}

void dns(Server& server, const Op& op, const SocketPtr&) {
  server.log_op(op.name, {{"host", op.arg(0)}});
  const bool returned = cl::dns_lookup(
      op.arg(0).get<std::string>(),
      [&server](const std::string& address, cl::address_family family) {
        server.log({{"event", "resolved"}, {"addr", address}, {"inet", family == cl::address_family::inet}});
      },
      {.event_cb = server.event_cb("dns", Server::Whose::listener)});
  server.log({{"event", "op-done"}, {"op", op.name}, {"returned", returned}});
}

}  // namespace

const Operations& event_operations() {
  static const Operations operations = {
      {"delay", delay},         {"interval", interval},
      {"event_ops", event_ops}, {"unref_timer", unref_timer},
      {"idle", idle},           {"idle_silent", idle_silent},
      {"notifier", notifier},   {"trigger_again", trigger_again},
      {"signal", signal},       {"free_signal", free_signal},
      {"poll", poll},           {"dns", dns},
  };
  return operations;
}

}  // namespace antiphon::conformance::cl_async
