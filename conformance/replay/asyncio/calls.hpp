#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "session.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

/// Records a call of the script: when it starts, so that the callbacks it triggers follow it; then what it
/// returned or threw. SystemExit and KeyboardInterrupt go on their way.
template <class Fn>
std::size_t record_call(Session& session, Json event, Fn fn) {
  const std::string op = event.at("op");
  const std::size_t number = session.log.add(std::move(event));
  const EventLog::Inside inside(session.log, op);
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Fn>>) {
      fn();
    } else {
      session.log.amend(number, {{"ret", Json(fn())}});
    }
  } catch (const asio_style::SystemExit&) {
    throw;
  } catch (const asio_style::KeyboardInterrupt&) {
    throw;
  } catch (const HarnessError&) {
    throw;
  } catch (...) {
    session.log.amend(number, {{"raised", exception_json(std::current_exception())}});
  }
  return number;
}

/// A call that is on no transport: no "in" unless a callback makes it.
inline Json call_event(const std::string& op, Json args = Json::array()) {
  return {{"event", "call"}, {"op", op}, {"args", std::move(args)}};
}

/// An array of one. (GCC 12 can't have braces for it inside of a coroutine.)
inline Json only(Json value) {
  Json list = Json::array();
  list.push_back(std::move(value));
  return list;
}

inline Json main_event(const std::string& op, Json args = Json::array()) {
  return {{"event", "main"}, {"op", op}, {"args", std::move(args)}};
}

inline void mark(Session& session, const std::string& tag, const Json& more = Json::object()) {
  Json event{{"event", "mark"}, {"tag", tag}};
  event.update(more);
  session.log.add(std::move(event));
}

}  // namespace antiphon::asyncio_replay
