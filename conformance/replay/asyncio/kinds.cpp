#include "kinds.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace antiphon::asyncio_replay {

namespace {

/// Where the two traces part.
struct Place {
  const Scenario& scenario;
  const Json& all_ours;
  std::size_t i;
  const Json& all_recorded;
  std::size_t j;

  [[nodiscard]] Json ours() const { return i < all_ours.size() ? all_ours[i] : Json::object(); }
  [[nodiscard]] Json recorded() const { return j < all_recorded.size() ? all_recorded[j] : Json::object(); }
};

/// How the walk goes on.
struct Step {
  std::size_t ours = 0;
  std::size_t recorded = 0;
  bool parted = false;  ///< what follows can't be compared
};
constexpr Step parted{0, 0, true};
constexpr Step both{1, 1, false};

// ---- asking an event

std::string text(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
}
bool is(const Json& event, std::string_view name) {
  return text(event, "event") == name;
}
bool calls(const Json& event, std::string_view op) {
  return is(event, "call") && text(event, "op") == op;
}
int connection(const Json& event) {
  return event.value("conn", 0);
}
std::string error(const Json& event, const char* key = "exc", const char* part = "message") {
  const auto found = event.find(key);
  return found != event.end() && found->is_object() ? text(*found, part) : std::string();
}
bool same_call(const Json& a, const Json& b) {
  const auto key = [](const Json& e) {
    return Json{text(e, "event"), text(e, "op"), text(e, "in"), e.value("args", Json()), connection(e)};
  };
  return !a.empty() && !b.empty() && key(a) == key(b);
}

// ---- asking what was before

template <class Test>
bool any_before(const Json& events, std::size_t end, Test test) {
  return std::any_of(events.begin(),
                     events.begin() + static_cast<std::ptrdiff_t>(std::min(end, events.size())), test);
}

/// The last pause_reading or resume_reading of a connection; empty if there was none.
Json last_pause_or_resume(const Place& at, int conn) {
  Json last = Json::object();
  for (std::size_t k = 0; k < at.j; ++k) {
    const Json& e = at.all_recorded[k];
    if ((calls(e, "pause_reading") || calls(e, "resume_reading")) && connection(e) == conn) last = e;
  }
  return last;
}
bool closed_before(const Place& at, int conn) {
  return any_before(at.all_recorded, at.j, [&](const Json& e) {
    return (calls(e, "close") || calls(e, "abort") || is(e, "ER") || is(e, "CL")) && connection(e) == conn;
  });
}

/// An event and what was recorded inside of it.
Step recorded_has_more(const Place& at) {
  const std::string name = text(at.recorded(), is(at.recorded(), "call") ? "op" : "event");
  std::size_t end = at.j + 1;
  while (end < at.all_recorded.size() && text(at.all_recorded[end], "in") == name) ++end;
  return {0, end - at.j, false};
}

bool with_tls(const Scenario& scenario) {
  if (scenario.listen.is_object() && scenario.listen.contains("ssl")) return true;
  const auto upgrades = [](const Json& step) { return step.is_array() && step.front() == "start_tls"; };
  return scenario.main && std::any_of(scenario.main->begin(), scenario.main->end(), upgrades);
}
bool receives(const Json& event) {
  return is(event, "DR") || is(event, "ER") || is(event, "GB") || is(event, "BU");
}

// ---- the kinds

using Answer = std::optional<Step>;

Answer end_of_input_again(const Place& at) {
  const Json event = at.recorded();
  if (!is(event, "ER")) return std::nullopt;
  const bool again = any_before(at.all_recorded, at.j, [&](const Json& e) {
    return is(e, "ER") && connection(e) == connection(event);
  });
  if (!again || !calls(last_pause_or_resume(at, connection(event)), "resume_reading")) return std::nullopt;
  return parted;
}

Answer pause_in_connection_made(const Place& at) {
  const Json event = at.recorded();
  const Json last = last_pause_or_resume(at, connection(event));
  if (!receives(event) || !calls(last, "pause_reading") || text(last, "in") != "CM") return std::nullopt;
  return parted;
}

Answer pause_in_get_buffer(const Place& at) {
  const Json event = at.recorded();
  if (!is(event, "BU")) return std::nullopt;
  bool stopped = false;
  for (std::size_t k = at.j; k-- > 0 && text(at.all_recorded[k], "in") == "GB";) {
    const Json& e = at.all_recorded[k];
    stopped |= calls(e, "close") || calls(e, "abort") || calls(e, "pause_reading");
  }
  if (!stopped) return std::nullopt;
  return parted;
}

Answer plain_protocol_in_get_buffer(const Place& at) {
  return error(at.recorded()).ends_with("has no attribute 'buffer_updated'") ? Answer(parted) : std::nullopt;
}

Answer closed_twice_in_resume_writing(const Place& at) {
  const bool so = is(at.recorded(), "handler") && !with_tls(at.scenario) &&
                  error(at.recorded()) == "'NoneType' object has no attribute 'close'";
  return so ? Answer(Step{0, 1, false}) : std::nullopt;
}

Answer shortage_reported_again(const Place& at) {
  const bool so = text(at.recorded(), "message") == "socket.accept() out of system resource" && at.j > 0 &&
                  at.recorded() == at.all_recorded[at.j - 1];
  return so ? Answer(Step{0, 1, false}) : std::nullopt;
}

Answer listener_closed_in_the_pause(const Place& at) {
  const bool so = is(at.recorded(), "handler") && error(at.recorded()) == "Invalid file descriptor: -1";
  return so ? Answer(Step{0, 1, false}) : std::nullopt;
}

bool factory_raises(const Scenario& scenario) {
  return std::any_of(scenario.handlers.begin(), scenario.handlers.end(), [](const Handler& handler) {
    return handler.event == "factory" && Json(handler.actions).dump().find("\"raise\"") != std::string::npos;
  });
}

/// Which fails where the factory has just succeeded (AS-226).
bool has_no_time_for_tls(const Scenario& scenario) {
  const auto none = [&](const char* limit) {
    return scenario.listen.is_object() && scenario.listen.contains(limit) &&
           scenario.listen[limit].is_number() && scenario.listen[limit].get<double>() <= 0;
  };
  return none("ssl_handshake_timeout") || none("ssl_shutdown_timeout");
}

Answer socket_of_a_failed_factory(const Place& at) {
  if (!factory_raises(at.scenario) && !has_no_time_for_tls(at.scenario)) return std::nullopt;
  const bool peer_saw_it = text(at.recorded(), "end") == "timeout" && text(at.ours(), "end") == "eof" &&
                           at.ours().value("step", "") == at.recorded().value("step", "");
  if (peer_saw_it) return both;
  const bool own_client = any_before(at.all_recorded, at.j, [](const Json& e) {
    return text(e, "op") == "create_connection" && e.contains("raised");
  });
  return own_client && (is(at.ours(), "ER") || is(at.ours(), "CL")) ? Answer(parted) : std::nullopt;
}

Answer server_closed_in_the_factory(const Place& at) {
  const bool so = is(at.ours(), "CM") && any_before(at.all_recorded, at.j, [](const Json& e) {
                    return calls(e, "server_close") && text(e, "in") == "factory";
                  });
  return so ? Answer(parted) : std::nullopt;
}

Answer loss_after_a_failed_upgrade(const Place& at) {
  const Json event = at.ours();
  const auto raised_later = [&] {
    for (std::size_t k = at.j; k < at.all_recorded.size(); ++k) {
      const Json& e = at.all_recorded[k];
      if (text(e, "op") == "start_tls" && e.value("raised", Json()) == event["exc"]) return true;
    }
    return false;
  };
  if (is(event, "CL") && event.contains("exc") && event["exc"].is_object() && raised_later())
    return Step{1, 0, false};
  const bool waited = is(at.recorded(), "wait_timeout") && text(at.recorded(), "label") == "CL" &&
                      any_before(at.all_recorded, at.j, [](const Json& e) {
                        return text(e, "op") == "start_tls" && e.contains("raised");
                      });
  if (waited) return Step{0, 1, false};
  const bool broken = error(at.recorded()).starts_with("SSLProtocol._abort() takes 1 positional argument");
  return broken ? Answer(parted) : std::nullopt;
}

Answer data_across_a_close(const Place& at) {
  const bool so = with_tls(at.scenario) && closed_before(at, connection(at.recorded())) &&
                  ((is(at.recorded(), "CL") && error(at.recorded(), "exc", "type") == "SSLError") ||
                   is(at.recorded(), "DR") || is(at.recorded(), "BU"));
  return so ? Answer(parted) : std::nullopt;
}

Answer link_lost_by_a_second_close(const Place& at) {
  const bool so = with_tls(at.scenario) && same_call(at.ours(), at.recorded()) &&
                  error(at.recorded(), "raised", "type") == "AttributeError" &&
                  error(at.recorded(), "raised").starts_with("'NoneType' object has no attribute '_");
  return so ? Answer(both) : std::nullopt;
}

Answer reading_after_a_close(const Place& at) {
  const bool so = with_tls(at.scenario) && same_call(at.ours(), at.recorded()) &&
                  calls(at.recorded(), "is_reading") && at.recorded().value("ret", false) &&
                  closed_before(at, connection(at.recorded()));
  return so ? Answer(both) : std::nullopt;
}

Answer names_after_the_loss(const Place& at) {
  const Json event = at.recorded();
  if (!with_tls(at.scenario) || !same_call(at.ours(), event) || !closed_before(at, connection(event))) {
    return std::nullopt;
  }
  const bool forgotten = (calls(event, "extra") || calls(event, "get_protocol")) &&
                         !event.contains("raised") && event.value("ret", Json()).is_null();
  const bool no_socket = error(event, "raised") == "'NoneType' object has no attribute 'getsockopt'";
  return forgotten || no_socket ? Answer(both) : std::nullopt;
}

Answer flow_after_the_end(const Place& at) {
  if (!with_tls(at.scenario)) return std::nullopt;
  const bool ended = any_before(at.all_recorded, at.j, [&](const Json& e) {
    return (calls(e, "abort") || is(e, "CL")) && connection(e) == connection(at.recorded());
  });
  const bool told = (is(at.recorded(), "PW") || is(at.recorded(), "RW")) && text(at.recorded(), "rel") == "0";
  const bool failed = text(at.recorded(), "message") == "protocol.pause_writing() failed" &&
                      error(at.recorded(), "exc", "type") == "AttributeError";
  return ended && (told || failed) ? Answer(recorded_has_more(at)) : std::nullopt;
}

Answer buffer_for_nothing(const Place& at) {
  if (!with_tls(at.scenario) || !is(at.recorded(), "GB")) return std::nullopt;
  const Step step = recorded_has_more(at);
  const std::size_t next = at.j + step.recorded;
  const auto same = [&](std::size_t k, const char* name) {
    return k < at.all_recorded.size() && is(at.all_recorded[k], name) &&
           connection(at.all_recorded[k]) == connection(at.recorded());
  };
  // This one, or the one before it, which was taken for ours.
  const bool for_nothing = !same(next, "BU") || (at.j > 0 && same(at.j - 1, "GB"));
  return for_nothing ? Answer(step) : std::nullopt;
}

Answer end_without_close_notify(const Place& at) {
  const bool so = with_tls(at.scenario) && is(at.recorded(), "ER") &&
                  closed_before(at, connection(at.recorded())) &&
                  std::none_of(at.scenario.peers.begin(), at.scenario.peers.end(), [](const auto& steps) {
                    return std::any_of(steps.begin(), steps.end(),
                                       [](const Json& step) { return step.front() == "close_notify"; });
                  });
  if (!so) return std::nullopt;
  const Step step = recorded_has_more(at);
  return step.recorded > 1 ? parted : step;  // what the callback did has consequences
}

Answer end_that_came_with_data(const Place& at) {
  const Json event = at.recorded();
  if (!with_tls(at.scenario) || !is(event, "ER")) return std::nullopt;
  const bool paused = calls(last_pause_or_resume(at, connection(event)), "pause_reading");
  const std::string in = text(event, "in");
  return paused || in == "close" ? Answer(parted) : std::nullopt;
}

Answer file_cut_short(const Place& at) {
  const bool failed_later = std::any_of(at.all_recorded.begin(), at.all_recorded.end(), [](const Json& e) {
    return text(e, "op") == "sendfile" && error(e, "raised").starts_with("[Errno ");
  });
  const bool so =
      (is(at.recorded(), "handler") && error(at.recorded(), "exc", "type") == "InvalidStateError") ||
      (is(at.recorded(), "ER") && is(at.ours(), "CL") && failed_later);
  return so ? Answer(parted) : std::nullopt;
}

Answer count_of_a_copied_file(const Place& at) {
  const bool so = with_tls(at.scenario) && same_call(at.ours(), at.recorded()) &&
                  text(at.ours(), "op") == "sendfile" &&
                  (error(at.ours(), "raised").starts_with("count must be a positive integer") ||
                   error(at.ours(), "raised") == "file should be opened in binary mode");
  return so ? Answer(parted) : std::nullopt;
}

struct Kind {
  const char* rules;
  const char* reason;
  Answer (*answer)(const Place&);
};

constexpr std::array kinds{
    Kind{"AS-049, AS-050", "3.11 reports one shortage of descriptors once for each turn of the backlog",
         shortage_reported_again},
    Kind{"AS-048",
         "3.11 takes up a listener again that was closed in the pause after a shortage, and reports it",
         listener_closed_in_the_pause},
    Kind{"AS-055", "3.11 leaves the socket of a factory that raised to the garbage collector; ours closes it",
         socket_of_a_failed_factory},
    Kind{"AS-064", "3.11 drops a connection whose factory closes the server; ours goes on with it",
         server_closed_in_the_factory},
    Kind{"AS-100", "3.11 tells the end of input again after a pause and a resume; ours tells it once",
         end_of_input_again},
    Kind{"AS-139, AS-140", "3.11 completes a close in resume_writing twice and reports an AttributeError",
         closed_twice_in_resume_writing},
    Kind{"AS-146, AS-147", "3.11 ignores pause_reading inside connection_made", pause_in_connection_made},
    Kind{"AS-142, AS-188", "3.11 reads on after close, abort or pause_reading in get_buffer; ours does not",
         pause_in_get_buffer},
    Kind{"AS-215", "3.11 fails when get_buffer sets a plain protocol; ours gives that the bytes",
         plain_protocol_in_get_buffer},
    Kind{"AS-145", "3.11's is_reading stays true after a close with TLS; ours is false as without",
         reading_after_a_close},
    Kind{"AS-216, AS-219",
         "3.11 forgets a TLS connection's protocol before it tells the loss, and the addresses",
         names_after_the_loss},
    Kind{"AS-232",
         "3.11 takes a mere end for the answer to a local TLS close and tells it; ours does not tell it",
         end_without_close_notify},
    Kind{"AS-234", "3.11 delivers data that crosses its TLS close, or breaks on it; ours discards it",
         data_across_a_close},
    Kind{"AS-142, AS-102",
         "3.11 tells a close_notify that was read with data in spite of pause_reading, or in close",
         end_that_came_with_data},
    Kind{"AS-240", "3.11 goes on with a TLS writer's flow checks after abort and the loss; ours does not",
         flow_after_the_end},
    Kind{"AS-244", "3.11 loses its link to the TLS layer at a second close", link_lost_by_a_second_close},
    Kind{"AS-107", "3.11 asks for a buffer with TLS when there is nothing to put into it",
         buffer_for_nothing},
    Kind{"AS-253", "3.11 does not tell a protocol of the loss that a failed start_tls brings; ours does",
         loss_after_a_failed_upgrade},
    Kind{"AS-262",
         "3.11 goes astray when a connection ends during sendfile: InvalidStateError, or an end as if it "
         "were clean",
         file_cut_short},
    Kind{"AS-258", "3.11 does not look at the count and the mode of a file that it copies itself (TLS)",
         count_of_a_copied_file},
};

std::string as_text(const Kind& kind) {
  return std::string(kind.rules) + ": " + kind.reason;
}

class Walk {
 public:
  explicit Walk(const Scenario& scenario) : scenario_(scenario) {}

  /// False: there is a difference of no kind.
  bool explain(const Json& ours, const Json& recorded) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < ours.size() || j < recorded.size()) {
      if (i < ours.size() && j < recorded.size() && ours[i] == recorded[j]) {
        ++i;
        ++j;
        continue;
      }
      const auto step = ask({scenario_, ours, i, recorded, j});
      if (!step) return false;
      if (step->parted) {
        parted_ = true;
        return true;
      }
      i += step->ours;
      j += step->recorded;
    }
    return true;
  }

  [[nodiscard]] bool has_parted() const { return parted_; }
  [[nodiscard]] std::vector<std::string> used() const { return {used_.begin(), used_.end()}; }

 private:
  Answer ask(const Place& place) {
    for (const Kind& kind : kinds) {
      if (const auto step = kind.answer(place)) {
        used_.insert(as_text(kind) + (step->parted ? " (compared up to there)" : ""));
        return step;
      }
    }
    return std::nullopt;
  }

  const Scenario& scenario_;
  std::set<std::string> used_;
  bool parted_ = false;
};

}  // namespace

std::optional<std::vector<std::string>> kinds_of_difference(const Trace& ours, const Trace& recorded,
                                                            const Scenario& scenario) {
  Walk walk(scenario);
  if (!walk.explain(ours.events, recorded.events)) return std::nullopt;
  if (!walk.has_parted() && !walk.explain(ours.peer_events, recorded.peer_events)) return std::nullopt;
  return walk.used();
}

std::vector<std::string> all_kinds() {
  std::vector<std::string> texts;
  for (const Kind& kind : kinds) texts.push_back(as_text(kind));
  return texts;
}

}  // namespace antiphon::asyncio_replay
