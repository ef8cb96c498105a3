#include "decided.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>

#include "comparison.hpp"

namespace antiphon::conformance::cl_async {

namespace {

Json field(const Json& of, const char* name) {
  return of.is_object() ? of.value(name, Json()) : Json();
}

bool is(const Json& event, std::string_view name) {
  return field(event, "event") == name;
}

bool has_one_of(const Json& event, const char* name, std::initializer_list<std::string_view> values) {
  return std::any_of(values.begin(), values.end(),
                     [value = field(event, name)](std::string_view each) { return value == each; });
}

bool is_callback(const Json& event) {
  return has_one_of(event, "event", {"connect-cb", "read-cb", "write-cb", "event-cb"});
}

/// What an operation writes down.
bool is_of_an_operation(const Json& event) {
  return has_one_of(event, "event", {"op", "op-done", "op-error", "stats", "log", "listening"});
}

/// Whether the script has operations for the callback, so that some of what follows may be its doing.
bool has_operations(const Json& script, const Json& event) {
  if (!is_callback(event) || !script.is_object()) return false;
  std::string name = event["event"].get<std::string>();
  name.erase(name.find('-'));
  const Json named = field(field(field(script, "callbacks"), event.value("via", "").c_str()), "ops");
  return !field(script, name.c_str()).empty() || !named.empty();
}

/// Takes out what `unwanted` says, a callback with what it did; whether there was any.
bool take_out(const Json& script, Json& events, const std::function<bool(const Json&)>& unwanted) {
  Json kept = Json::array();
  bool in_one_taken_out = false;
  for (Json& event : events) {
    in_one_taken_out = in_one_taken_out && is_of_an_operation(event);
    const bool out = unwanted(event);
    if (!out && !in_one_taken_out) kept.push_back(event);
    in_one_taken_out = in_one_taken_out || (out && has_operations(script, event));
  }
  const bool any = kept.size() != events.size();
  events = std::move(kept);
  return any;
}

/// Takes out what `unwanted(event, sock)` says of the events of a socket behind the one that `begins` names.
bool take_out_behind(const Json& script, Json& events, const std::function<bool(const Json&)>& begins,
                     const std::function<bool(const Json&)>& unwanted) {
  std::set<Json> begun;
  return take_out(script, events, [&](const Json& event) {
    const Json sock = field(event, "sock");
    if (begun.contains(sock) && unwanted(event)) return true;
    if (!sock.is_null() && begins(event)) begun.insert(sock);
    return false;
  });
}

bool is_end(const Json& event) {
  return is(event, "event-cb") && field(event, "cond") == "socket-eof";
}

bool is_close(const Json& event) {
  return is(event, "op") && field(event, "op") == "close";
}

/// Each list of operations of a script, wherever it stands.
void for_each_list(const Json& in, const std::function<void(const Json&)>& told) {
  if (!in.is_structured()) return;
  if (in.is_array() && !in.empty() && in.front().is_array()) told(in);
  for (const Json& inner : in) for_each_list(inner, told);
}

bool is_op(const Json& op, std::string_view name) {
  return op.is_array() && !op.empty() && op.front() == name;
}

/// Whether the script has an operation of the kind, wherever it stands.
bool has_op(const Json& script, const std::function<bool(const Json&)>& wanted) {
  bool found = false;
  for_each_list(script,
                [&](const Json& list) { found = found || std::any_of(list.begin(), list.end(), wanted); });
  return found;
}

bool has_option(const Json& op, std::initializer_list<const char*> names) {
  return op.is_array() && !op.empty() && op.back().is_object() &&
         std::any_of(names.begin(), names.end(), [&](const char* name) { return op.back().contains(name); });
}

/// Whether some list has an operation that is `first`, or a delay of one, and behind it one that is `then`.
bool follows_in_a_list(const Json& script, const std::function<bool(const Json&)>& first,
                       const std::function<bool(const Json&)>& then) {
  bool found = false;
  for_each_list(script, [&](const Json& list) {
    const auto begin = std::find_if(list.begin(), list.end(),
                                    [&](const Json& op) { return first(op) || has_op(op, first); });
    found = found || (begin != list.end() && std::any_of(begin + 1, list.end(), then));
  });
  return found;
}

bool is_read(const Json& step) {
  return has_one_of(Json{{"name", step.at(0)}}, "name",
                    {"read", "read_some", "read_until_eof", "read_until_quiet"});
}

/// Where the peer got as much or more than recorded and no worse an end, that counts as recorded; and so does
/// what went well where it had failed, and whether a wait for a callback saw one.
bool may_get_more(Json& recorded, const Json& ours) {
  bool any = false;
  for (std::size_t i = 0; i < std::min(recorded.size(), ours.size()); ++i) {
    const Json& step = recorded[i].at("step");
    const Json want = field(recorded[i], "result");
    const Json got = field(ours[i], "result");
    if (want == got || step != ours[i].at("step")) continue;
    const bool waits = step.at(0) == "wait_event" &&
                       (step.at(1) == "event-cb" || step.at(1) == "write-cb" || step.at(1) == "read-cb");
    const Json before = field(want, "bytes");
    const Json after = field(got, "bytes");
    const std::string text = field(want, "text").is_string() ? want["text"].get<std::string>() : "";
    const bool begins_the_same =
        !field(got, "text").is_string() || got["text"].get<std::string>().starts_with(text);
    const bool enough = !after.is_null() && (!before.is_number() || !after.is_number() || after >= before);
    const bool went_well = field(want, "error").is_string() && field(got, "error").is_null();
    if (!waits && !went_well && !(is_read(step) && enough && begins_the_same && field(got, "end") != "reset"))
      continue;
    recorded[i] = ours[i];
    any = true;
  }
  return any;
}

struct Case {
  const Json& script;
  Outcome recorded;
  Outcome ours;
};

/// Takes back what the decision brings about; whether it had any part in it.
struct Decision {
  const char* rule;
  const char* reason;
  bool (*take_back)(Case&);
};

bool lost_handle(Case& of) {
  return take_out(of.script, of.recorded.events, [](const Json& event) {
    return is(event, "warning") && field(event, "msg").is_string() &&
           event["msg"].get_ref<const std::string&>().starts_with(
               "an uv handle without corresponding object");
  });
}

bool sent_after_the_end(Case& of) {
  std::set<Json> wrote;  // before its end
  std::set<Json> waits;
  for (const Json& event : of.recorded.events) {
    if (is(event, "op") && field(event, "op") == "write") wrote.insert(field(event, "sock"));
    if (is_end(event) && wrote.contains(field(event, "sock"))) waits.insert(field(event, "sock"));
  }
  const bool nobody_is_told =
      has_op(of.script, [](const Json& op) { return has_option(op, {"no_event_cb"}); });
  if (nobody_is_told) {  // but write_cb on a closed socket shows that its end was
    return take_out(of.script, of.ours.events, [&](const Json& event) {
      return is(event, "write-cb") && field(event, "closed") == true && wrote.contains(field(event, "sock"));
    });
  }
  if (waits.empty()) return false;
  const auto begins = [&](const Json& event) {
    return is_end(event) && waits.contains(field(event, "sock"));
  };
  bool any = take_out_behind(of.script, of.recorded.events, begins, [](const Json& event) {
    return is(event, "event-cb") && field(event, "cond") == "streamish-canceled";
  });
  any |= take_out_behind(of.script, of.ours.events, begins, [](const Json& event) {
    return is(event, "write-cb") ||
           (is(event, "event-cb") &&
            has_one_of(event, "cond", {"streamish-canceled", "streamish-broken-pipe", "socket-reset"}));
  });
  any |= may_get_more(of.recorded.peer, of.ours.peer);
  return any;
}

bool replaces_callbacks(const Json& op) {
  return is_op(op, "write") && has_option(op, {"read_cb", "write_cb", "event_cb"});
}

bool sent_before_the_close(Case& of) {
  const bool closed =
      follows_in_a_list(of.script, replaces_callbacks, [](const Json& op) { return is_op(op, "close"); });
  if (!closed) return false;
  bool any = take_out_behind(of.script, of.ours.events, is_close, [](const Json& event) {
    return is(event, "write-cb") ||
           (is(event, "event-cb") &&
            has_one_of(event, "cond", {"streamish-canceled", "streamish-broken-pipe", "socket-reset"}));
  });
  any = any && (take_out_behind(of.script, of.recorded.events, is_close,
                                [](const Json& event) { return is(event, "write-cb"); }),
                true);
  any |= may_get_more(of.recorded.peer, of.ours.peer);
  return any;
}

/// Only what came before it can be compared: from there on the script went another way.
void cut(Case& of, const std::function<bool(const Json&)>& from) {
  std::size_t first = std::max(of.recorded.events.size(), of.ours.events.size());
  for (const Json* events : {&of.recorded.events, &of.ours.events})
    first = std::min(first, static_cast<std::size_t>(std::find_if(events->begin(), events->end(), from) -
                                                     events->begin()));
  for (Json* events : {&of.recorded.events, &of.ours.events})
    if (events->size() > first)
      events->erase(events->begin() + static_cast<std::ptrdiff_t>(first), events->end());
  of.recorded.peer = of.ours.peer;
}

bool listens_with_tls(const Json& script) {
  return has_op(script, [](const Json& op) { return is_op(op, "ssl_listen"); });
}

bool connect_cb_is_not_lost(Case& of) {
  if (!has_op(of.script, replaces_callbacks)) return false;
  std::set<Json> told;
  for (const Json& event : of.recorded.events)
    if (is(event, "connect-cb")) told.insert(field(event, "sock"));
  return take_out(of.script, of.ours.events, [&](const Json& event) {
    return is(event, "connect-cb") && !told.contains(field(event, "sock"));
  });
}

bool records_are_no_writes(Case& of) {
  if (!listens_with_tls(of.script)) return false;
  const auto is_write_cb = [](const Json& event) { return is(event, "write-cb"); };
  bool any = take_out(of.script, of.recorded.events, is_write_cb);
  any |= take_out(of.script, of.ours.events, is_write_cb);
  return any && (may_get_more(of.recorded.peer, of.ours.peer), true);
}

bool failed_handshake_is_told(Case& of) {
  if (!listens_with_tls(of.script)) return false;
  const bool any = take_out(of.script, of.ours.events, [](const Json& event) {
    return is(event, "event-cb") && field(event, "cond") == "tcp-ssl-error";
  });
  if (any) may_get_more(of.recorded.peer, of.ours.peer);
  return any;
}

bool tls_streams_work(Case& of) {
  const bool streams =
      has_op(of.script, [](const Json& op) { return is_op(op, "ssl_listen") && has_option(op, {"stream"}); });
  const auto failed = [](const Json& event) { return field(event, "cond") == "no-applicable-method-error"; };
  if (!streams || std::none_of(of.recorded.events.begin(), of.recorded.events.end(), failed)) return false;
  cut(of, [&](const Json& event) { return failed(event) || is(event, "connect-cb"); });
  return true;
}

bool tls_reads_on(Case& of) {
  if (!listens_with_tls(of.script) || !has_op(of.script, replaces_callbacks)) return false;
  cut(of, [](const Json& event) { return is(event, "op") && field(event, "op") == "write"; });
  return true;
}

bool is_loop_error(const Json& event) {
  return is(event, "loop-error");
}

bool left_at_the_end(Case& of) {
  const Json& recorded = of.recorded.events;
  Json& ours = of.ours.events;
  const auto left = std::find_if(recorded.begin(), recorded.end(), is_loop_error);
  const auto ours_left = std::find_if(ours.begin(), ours.end(), is_loop_error);
  if (left == recorded.end() || ours_left == ours.end()) return false;
  const auto upstream = left - recorded.begin();
  if (ours_left - ours.begin() < upstream) return false;
  ours.erase(ours.begin() + upstream, ours_left);
  may_get_more(of.recorded.peer, of.ours.peer);
  return true;
}

bool closed_without_a_reset(Case& of) {
  const auto any_of = [](const Json& list, const auto& wanted) {
    return std::any_of(list.begin(), list.end(), wanted);
  };
  const bool closed = any_of(of.recorded.events, is_close);
  const bool left = any_of(of.recorded.events, [](const Json& event) {  // upstream takes its time for that
    return is_loop_error(event) || (is(event, "op") && field(event, "op") == "exit_loop");
  });
  const bool reset = any_of(of.recorded.peer, [](const Json& step) {
    return field(field(step, "result"), "end") == "reset" ||
           field(field(step, "result"), "error") == "ConnectionResetError";
  });
  return (closed || (left && reset)) && may_get_more(of.recorded.peer, of.ours.peer);
}

bool silent_when_closed(Case& of) {
  const bool any = take_out_behind(of.script, of.recorded.events, is_close, [](const Json& event) {
    return (is(event, "read-cb") && field(event, "closed") == true) || is_end(event);
  });
  if (any) may_get_more(of.recorded.peer, of.ours.peer);
  return any;
}

/// What ours does once upstream was stuck is its own affair; that it ends is what counts.
bool ends_at_all(Case& of) {
  const auto stuck =
      std::find_if(of.recorded.events.begin(), of.recorded.events.end(),
                   [](const Json& event) { return is(event, "stop-request") || is(event, "HANG"); });
  if (of.recorded.events.empty() || !is(of.recorded.events.back(), "HANG")) return false;
  if (of.ours.events.empty() || !is(of.ours.events.back(), "loop-exit")) return false;
  const auto until = static_cast<std::size_t>(stuck - of.recorded.events.begin());
  if (of.ours.events.size() < until) return false;
  for (Json* events : {&of.recorded.events, &of.ours.events})
    events->erase(events->begin() + static_cast<std::ptrdiff_t>(until), events->end());
  of.recorded.peer = of.ours.peer;
  return true;
}

constexpr Decision decisions[] = {
    {"CL-133", "ours ends where upstream's loop had to be killed (CL-016, CL-017)", ends_at_all},
    {"CL-082", "no handle is lost, so there is none to warn of", lost_handle},
    {"CL-146", "what was written before the peer's end of data is still sent", sent_after_the_end},
    {"CL-119", "a write with callbacks is sent before a close that follows it", sent_before_the_close},
    {"CL-130", "nothing is called on a socket that is closed", silent_when_closed},
    {"CL-128", "a graceful close sends all; neither it nor the loop's end comes with a reset",
     closed_without_a_reset},
    {"CL-030", "an error leaves the loop at the end of the iteration", left_at_the_end},
    {"CL-105", "a write with callbacks takes no connect_cb away", connect_cb_is_not_lost},
    {"CL-244", "a handshake that fails is told and ends the connection", failed_handshake_is_told},
    {"CL-247", "stream mode works with TLS; nothing behind its beginning can be compared", tls_streams_work},
    {"CL-108", "write_cb is told of the application's writes, not of TLS's own", records_are_no_writes},
    {"CL-248", "a write with callbacks ends no reading; nothing behind it can be compared", tls_reads_on},
};

}  // namespace

std::vector<Decided> decided(const Json& server_script, const Outcome& recorded, const Outcome& ours) {
  Case of{server_script, recorded, ours};
  std::vector<Decided> found;
  for (const Decision& decision : decisions) {
    if (compare(of.recorded, of.ours).empty()) break;
    if (decision.take_back(of)) found.push_back({decision.rule, decision.reason});
  }
  return compare(of.recorded, of.ours).empty() ? found : std::vector<Decided>{};
}

}  // namespace antiphon::conformance::cl_async
