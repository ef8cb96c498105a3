#include "actions.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <functional>
#include <map>
#include <utility>

#include "calls.hpp"
#include "extra_info.hpp"
#include "protocols.hpp"
#include "static_types.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

using asio_style::Transport;

/// What an action works on. The connection may be none: in a factory, for instance.
struct Stage {
  Session& session;
  const ConnectionPtr& connection;
  std::optional<Json> returned;

  [[nodiscard]] Transport& transport() const {
    if (!connection) throw HarnessError("an action needs a connection where there is none");
    return *connection->transport;
  }
};

std::string payload(const Json& size) {
  return std::string(size.get<std::size_t>(), 'x');
}

/// The event of a call on the stage's transport.
Json call_on(const Stage& stage, const Json& action) {
  Json args = Json::array();
  for (std::size_t i = 1; i < action.size(); ++i) args.push_back(action[i]);
  Json event = call_event(action.front(), std::move(args));
  if (stage.connection && stage.connection->number != 0) event["conn"] = stage.connection->number;
  return event;
}

template <class Fn>
std::size_t call(Stage& stage, const Json& action, Fn fn) {
  return record_call(stage.session, call_on(stage, action), std::move(fn));
}

/// Most of a write's story is what is left in the buffer after it.
void add_buffered(Stage& stage, std::size_t event) {
  const std::size_t size = stage.transport().get_write_buffer_size();
  stage.session.log.amend(event, {{"~size", size}, {"buffered", size > 0}});
}

template <class Argument>
void write_if_it_compiles(Transport& transport, Argument argument, const char* python_type) {
  if constexpr (static_types::writable<Argument>) {
    transport.write(argument);
  } else {
    const bool tls = !transport.can_write_eof();  // which has words of its own for it
    refuse_type(tls ? std::string("data: expecting a bytes-like instance, got ") + python_type
                    : std::string("data argument must be a bytes-like object, not '") + python_type + "'");
  }
}

/// Three bytes in each of Python's forms; C++ has one form for them all, a span.
void write_as(Transport& transport, const std::string& kind) {
  static const std::array bytes{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  if (kind == "bytes" || kind == "memoryview") {
    transport.write(std::span<const std::byte>(bytes));
  } else if (kind == "bytearray") {
    const std::vector<std::byte> changeable(bytes.begin(), bytes.end());
    transport.write(std::span<const std::byte>(changeable));
  } else if (kind == "empty") {
    transport.write(std::span<const std::byte>());
  } else if (kind == "str") {
    write_if_it_compiles(transport, std::u32string_view(U"abc"), "str");  // text, as opposed to octets
  } else if (kind == "int") {
    write_if_it_compiles(transport, 5, "int");
  } else if (kind == "none") {
    write_if_it_compiles(transport, std::nullopt, "NoneType");
  } else if (kind == "list") {
    write_if_it_compiles(transport, std::vector<int>{1, 2, 3}, "list");
  } else {
    throw HarnessError("unknown kind of data to write: '" + kind + "'");
  }
}

/// A mark of ours is an unsigned number: a negative one does not get as far as the transport. It is refused
/// as Python refuses it, with the marks that Python derives (AS-114, AS-115, AS-117).
void set_limits(Transport& transport, const Json& limits) {
  const auto mark = [&](const char* name) -> std::optional<long long> {
    if (!limits.contains(name) || limits[name].is_null()) return std::nullopt;
    return limits[name].get<long long>();
  };
  const auto high = mark("high");
  const auto low = mark("low");
  if (high.value_or(0) < 0 || low.value_or(0) < 0) {
    const long long derived_high = high ? *high : 4 * *low;
    const long long derived_low = low ? *low : derived_high >> 2;  // Python's // rounds down, as this does
    throw asio_style::ValueError("high (" + std::to_string(derived_high) + ") must be >= low (" +
                                 std::to_string(derived_low) + ") must be >= 0");
  }
  const auto size = [](std::optional<long long> value) {
    return value ? std::optional<std::size_t>(static_cast<std::size_t>(*value)) : std::nullopt;
  };
  transport.set_write_buffer_limits(size(high), size(low));
}

bool socket_option(const Transport& transport, const std::string& name) {
  static const std::map<std::string, std::pair<int, int>> options{{"NODELAY", {IPPROTO_TCP, TCP_NODELAY}},
                                                                  {"KEEPALIVE", {SOL_SOCKET, SO_KEEPALIVE}},
                                                                  {"REUSEADDR", {SOL_SOCKET, SO_REUSEADDR}},
                                                                  {"REUSEPORT", {SOL_SOCKET, SO_REUSEPORT}}};
  const auto found = options.find(name);
  if (found == options.end()) throw HarnessError("unknown socket option '" + name + "'");
  const auto socket = std::any_cast<asio_style::TransportSocket>(transport.get_extra_info("socket"));
  return socket.getsockopt(found->second.first, found->second.second) != 0;
}

std::vector<Json> nested(const Json& action, std::size_t first) {
  return {action.begin() + static_cast<std::ptrdiff_t>(first), action.end()};
}

/// A callback of the loop's, under its tag: {"soon", tag} or {"timer", tag}, then its actions.
void run_tagged(Session& session, const ConnectionPtr& connection, const std::string& kind,
                const std::string& tag, const std::vector<Json>& actions) {
  session.log.add({{"event", kind}, {"tag", tag}});
  const EventLog::Inside inside(session.log, kind + ":" + tag);
  run_actions(session, connection, actions);
}

void call_soon(Stage& stage, const Json& action) {
  stage.session.soon[action[1]] = stage.session.loop.call_soon(
      [&session = stage.session, connection = stage.connection, tag = action[1].get<std::string>(),
       actions = nested(action, 2)] { run_tagged(session, connection, "soon", tag, actions); });
}

/// The loop's own timer fires after its real time; it runs once the pause is over as well (see Timekeeper).
void fire_when_over(Session& session, std::chrono::milliseconds delay, Timer* timer,
                    const std::function<void()>& fn) {
  timer->handle = session.loop.call_later(delay, [&session, timer, fn] {
    if (timer->ticket != 0 && !session.time.is_over(timer->ticket)) {
      fire_when_over(session, std::chrono::milliseconds(1), timer, fn);
      return;
    }
    session.time.leave(timer->ticket);
    fn();
  });
}

void call_later(Stage& stage, const Json& action) {
  Session& session = stage.session;
  const std::chrono::milliseconds delay(action[1].get<int>());
  const std::string tag = action[2];
  // The tag may stand for an earlier timer that still runs; it goes on, and "cancel" means this one.
  Timer* const timer = &session.all_timers.emplace_back();
  session.timers[tag] = timer;
  // Zero and less have their order from the loop itself (AS-270).
  session.start_ticking();
  if (delay.count() > 0) timer->ticket = session.time.enter(delay);
  fire_when_over(session, delay, timer,
                 [&session, connection = stage.connection, tag, actions = nested(action, 3)] {
                   run_tagged(session, connection, "timer", tag, actions);
                 });
}

void cancel(Session& session, const std::string& tag) {
  if (const auto timer = session.timers.find(tag); timer != session.timers.end()) {
    timer->second->handle.cancel();
    session.time.leave(timer->second->ticket);
  } else if (const auto soon = session.soon.find(tag); soon != session.soon.end()) {
    soon->second.cancel();
  } else {
    throw HarnessError("nothing to cancel has the tag '" + tag + "'");
  }
}

using Action = std::function<void(Stage&, const Json&)>;

/// An action that returns what is recorded as "ret".
template <class Fn>
Action recorded(Fn fn) {
  return [fn](Stage& stage, const Json& action) { call(stage, action, [&] { return fn(stage, action); }); };
}

Action buffering(std::function<void(Stage&, const Json&)> fn) {
  return [fn](Stage& stage, const Json& action) {
    add_buffered(stage, call(stage, action, [&] { fn(stage, action); }));
  };
}

const std::map<std::string, Action>& table() {
  static const std::map<std::string, Action> actions{
      {"write", buffering([](Stage& s, const Json& a) { s.transport().write(payload(a[1])); })},
      {"writelines", buffering([](Stage& s, const Json& a) {
         std::vector<std::string> lines;
         for (const Json& size : a[1]) lines.push_back(payload(size));
         const std::vector<std::string_view> views(lines.begin(), lines.end());
         s.transport().writelines(views);
       })},
      {"write_as", recorded([](Stage& s, const Json& a) { write_as(s.transport(), a[1]); })},
      {"write_eof", recorded([](Stage& s, const Json&) { s.transport().write_eof(); })},
      {"close", recorded([](Stage& s, const Json&) { s.transport().close(); })},
      {"abort", recorded([](Stage& s, const Json&) { s.transport().abort(); })},
      {"pause_reading", recorded([](Stage& s, const Json&) { s.transport().pause_reading(); })},
      {"resume_reading", recorded([](Stage& s, const Json&) { s.transport().resume_reading(); })},
      {"is_closing", recorded([](Stage& s, const Json&) { return s.transport().is_closing(); })},
      {"is_reading", recorded([](Stage& s, const Json&) { return s.transport().is_reading(); })},
      {"can_write_eof", recorded([](Stage& s, const Json&) { return s.transport().can_write_eof(); })},
      {"set_limits", recorded([](Stage& s, const Json& a) { set_limits(s.transport(), a[1]); })},
      {"set_limits_to_size", recorded([](Stage& s, const Json& a) {
         const auto size = static_cast<long long>(s.transport().get_write_buffer_size());
         set_limits(s.transport(), {{"high", size + a[1].get<long long>()}, {"low", 0}});
       })},
      {"get_limits", recorded([](Stage& s, const Json&) { return s.transport().get_write_buffer_limits(); })},
      {"get_size", buffering([](Stage&, const Json&) {})},
      {"get_protocol", recorded([](Stage& s, const Json&) { return name_of(s.transport().get_protocol()); })},
      {"set_protocol", recorded([](Stage& s, const Json& a) {
         s.transport().set_protocol(s.session.make_protocol(a[1], s.connection));
       })},
      {"extra", recorded([](Stage& s, const Json& a) {
         return extra_info(s.transport(), a[1], a.size() > 2 ? a[2] : Json());
       })},
      {"extra_socket_api", recorded([](Stage& s, const Json&) { return socket_view_offers(s.transport()); })},
      {"sockopt", recorded([](Stage& s, const Json& a) { return socket_option(s.transport(), a[1]); })},
      {"server_close", recorded([](Stage& s, const Json& a) {
         s.session.servers.at(a.size() > 1 ? a[1].get<std::size_t>() : 0)->close();
       })},
      {"call_soon", call_soon},
      {"call_later_ms", call_later},
      {"cancel", recorded([](Stage& s, const Json& a) { cancel(s.session, a[1]); })},
      {"mark", [](Stage& s, const Json& a) { mark(s.session, a[1]); }},
      {"busy_ms",
       [](Stage& s, const Json& a) { s.session.time.block(std::chrono::milliseconds(a[1].get<int>())); }},
      {"raise", [](Stage&, const Json& a) { raise_by_name(a[1]); }},
      {"return", [](Stage& s, const Json& a) { s.returned = a[1]; }},
  };
  return actions;
}

bool meant(const Handler& handler, const ConnectionPtr& connection, const std::string& protocol,
           const std::string& event, int occurrence) {
  return handler.event == event && (handler.protocol == protocol || event == "factory") &&
         handler.occurrence.value_or(occurrence) == occurrence &&
         (!handler.connection || (connection && *handler.connection == connection->number));
}

}  // namespace

std::optional<Json> run_actions(Session& session, const ConnectionPtr& connection,
                                const std::vector<Json>& actions) {
  Stage stage{session, connection, std::nullopt};
  try {
    for (const Json& action : actions) table().at(action.front().get<std::string>())(stage, action);
  } catch (const HarnessError&) {
    if (!session.harness_error) session.harness_error = std::current_exception();
  } catch (const Json::exception&) {  // an argument of the wrong kind in the scenario
    if (!session.harness_error) session.harness_error = std::current_exception();
  }
  return stage.returned;
}

std::optional<Json> tell(Session& session, const ConnectionPtr& connection, const std::string& protocol,
                         const std::string& event, const Json& details) {
  Json record{{"event", event}};
  record.update(details);
  if (connection && connection->number != 0) record["conn"] = connection->number;
  if (protocol != "A") record["proto"] = protocol;
  const int occurrence = connection ? ++connection->counts[event] : ++session.factory_calls;
  session.log.add(std::move(record));
  const EventLog::Inside inside(session.log, event);
  std::optional<Json> returned;
  for (const Handler& handler : session.scenario.handlers) {
    if (!meant(handler, connection, protocol, event, occurrence)) continue;
    if (auto value = run_actions(session, connection, handler.actions)) returned = value;
  }
  return returned;
}

}  // namespace antiphon::asyncio_replay
