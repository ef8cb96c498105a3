// What a script has done to its connection.

#include "judge.hpp"

namespace antiphon::conformance {

void Done::apply(const Script& script, const Event& event) {
  if (event.kind == "DR") last_data = static_cast<std::uint64_t>(event.count("bytes"));
  if (event.kind == "note") {
    const std::string text = event.text("text");
    if (text.starts_with(">")) inside = text.substr(1);
    if (text == "<") inside.clear();
  }
  if (event.kind == "act") {  // the kit's own, at about this time
    for (const Json& action : event.fields.at("do")) {
      if (action[0] == "resume_reading" || action[0] == "pause_reading") paused_in.clear();
      if (action[0] == "close" || action[0] == "abort") maybe_closed = true;
      if (action[0] == "abort") aborted = true;
    }
    unknown_writes = true;
    return;
  }
  if (!is_callback(event.kind)) return;
  bool returned = false;
  const int raised_before = raised;
  for (const Json& action : script.actions(event.kind, ++counts[event.kind])) {
    if (action[0] == "return") returned = action.at(1);
    act(action, event.kind);
    if (raised != raised_before) break;  // the rest of the list is not run
  }
  const bool threw = raised != raised_before;
  if (threw) inside.clear();  // the error may have ended the action, too, whose bracket then stays open
  if (threw && (event.kind == "DR" || event.kind == "ER") && fatal_in.empty() && closed_in.empty())
    fatal_in = event.kind;
  if (event.kind == "ER" && !returned && !threw && closed_in.empty()) {
    closed_in = "ER";
    closed_by_end = true;
  }
}

void Done::act(const Json& action, const std::string& event) {
  const std::string name = action.at(0);
  const auto writes = [&](std::uint64_t octets) {
    const bool lost = event == "CL";  // what is written there is dropped (REEN-07)
    (closed_in.empty() && !eof_sent && fatal_in.empty() && !lost ? written : perhaps_written) += octets;
  };
  if (name == "close" || name == "abort") {
    if (closed_in.empty()) closed_in = event;
    aborted = aborted || name == "abort";
  } else if (name == "pause_reading") {
    // A pause_writing before anything was received runs inside connection_made, most likely.
    const bool inside_made = event == "PW" && counts.size() == 2 && counts.contains("CM");
    if (closed_in.empty() && paused_in.empty()) paused_in = inside_made ? "CM" : event;
    was_paused = true;
  } else if (name == "resume_reading") {
    paused_in.clear();
  } else if (name == "write_eof") {
    eof_sent = true;
  } else if (name == "raise") {
    ++raised;
    if (raised_in.empty()) raised_in = event;
  } else if (name == "write") {
    writes(action.at(1));
  } else if (name == "writelines") {
    for (const Json& size : action.at(1)) writes(size);
  } else if (name == "echo") {
    writes(event == "DR" ? last_data : 0);
    if (event != "DR") unknown_writes = echoed_late = true;
  } else if (name == "write_until_paused") {
    unknown_writes = true;
  } else if (name == "later") {
    put_off(action.at(2));
  } else if (name == "soon") {
    put_off(action.at(1));
  }
}

/// It may run at any time from now on.
void Done::put_off(const Json& actions) {
  for (const Json& action : actions) {
    const std::string name = action.at(0);
    if (name == "resume_reading") paused_in.clear();
    if (name == "close" || name == "abort") maybe_closed = true;
    if (name == "abort") aborted = true;
    if (name.starts_with("write") || name == "echo") unknown_writes = true;
    if (name == "echo") echoed_late = true;
    if (name == "later") put_off(action.at(2));
    if (name == "soon") put_off(action.at(1));
  }
}

}  // namespace antiphon::conformance
