// Scenarios that are enumerated, not written: every action inside every callback. They expect nothing of
// their own; the model judges them, and brackets of notes show whether a callback ran inside the action.

#include <array>

#include "deeds.hpp"
#include "scenario.hpp"

namespace antiphon::conformance {

namespace {

/// How a callback is brought about, and what a peer does behind it to end the connection.
struct Cause {
  const char* event;
  const char* server;  ///< the rest of its script
  const char* peer;
  const char* needs;
};
constexpr std::array causes{
    Cause{"CM", "{}",
          R"([["connect"],["wait_event","CM"],["send",10],["shutdown_write"],["read_until_eof"]])", ""},
    Cause{"DR", "{}",
          R"([["connect"],["send",10],["wait_event","DR"],["shutdown_write"],["read_until_eof"]])", ""},
    Cause{"ER", "{}", R"([["connect"],["send",10],["shutdown_write"],["read_until_eof"]])", ""},
    Cause{"PW", R"({"CM":[["write",6000000]]})",
          R"([["set_rcvbuf",16384],["connect"],["wait_event","PW"],["shutdown_write"],["read_until_eof"]])",
          "flow_control"},
    Cause{
        "RW", R"({"CM":[["write",6000000]]})",
        R"([["set_rcvbuf",16384],["connect"],["wait_event","PW"],["read",6000000],["wait_event","RW"],["shutdown_write"],["read_until_eof"]])",
        "flow_control"},
    Cause{"CL", "{}",
          R"([["connect"],["send",10],["shutdown_write"],["read_until_eof"],["wait_event","CL"]])", ""},
};

constexpr std::array deeds{
    Deed{"write", R"(["write",100])", ""},
    Deed{"write_nothing", R"(["write",0])", ""},
    Deed{"writelines", R"(["writelines",[10,20]])", "writelines"},
    Deed{"write_much", R"(["write_until_paused",100000,300000])", "flow_control"},
    Deed{"echo", R"(["echo"])", ""},
    Deed{"write_eof", R"(["write_eof"])", "write_eof"},
    Deed{"close", R"(["close"])", ""},
    Deed{"abort", R"(["abort"])", "abort"},
    Deed{"pause_reading", R"(["pause_reading"])", "pause_reading"},
    Deed{"resume_reading", R"(["resume_reading"])", "pause_reading"},
    Deed{"set_limits", R"(["set_limits",1000,100])", "set_write_buffer_limits"},
    Deed{"is_closing", R"(["is_closing"])", ""},
    Deed{"is_reading", R"(["is_reading"])", "pause_reading"},
    Deed{"buffer_size", R"(["buffer_size"])", "flow_control"},
    Deed{"limits", R"(["limits"])", "set_write_buffer_limits"},
    Deed{"return_true", R"(["return",true])", "keep_open_after_eof"},
    Deed{"return_false", R"(["return",false])", ""},
    Deed{"raise", R"(["raise","on purpose"])", "exceptions"},
    Deed{"close_later", R"(["later",1,[["close"]]])", ""},
    Deed{"close_soon", R"(["soon",[["close"]]])", ""},
    Deed{"set_protocol", R"(["set_protocol"])", "set_protocol"},
    Deed{"stop_listener", R"(["stop_listener"])", ""},
    Deed{"note", R"(["note","here"])", ""},
};

void need(Scenario& scenario, const std::string& what) {
  if (!what.empty()) scenario.needs.push_back(what);
}

}  // namespace

std::span<const Deed> all_deeds() noexcept {
  return deeds;
}

void bracket(const Json& action, Json& actions) {
  const std::string verb = action[0];
  const bool closes = verb != "raise" && verb != "return";
  if (closes) actions.push_back(Json::array({"note", ">" + verb}));
  actions.push_back(action);
  if (closes) actions.push_back(Json::array({"note", "<"}));
}

std::vector<Scenario> generated_scenarios() {
  std::vector<Scenario> made;
  for (const Cause& cause : causes)
    for (const Deed& deed : deeds) {
      Scenario scenario;
      const Json action = Json::parse(deed.action);
      const std::string verb = action[0];
      scenario.name = std::string(deed.name) + "_inside_" + cause.event;
      scenario.about = "every action inside every callback: " + action.dump() + " at " + cause.event;
      scenario.rules = {verb == "raise" ? "ONCE-02" : "REEN-01", "ORD-05"};
      Json on = Json::parse(cause.server);
      on[cause.event] = Json::array();
      bracket(action, on[cause.event]);
      scenario.server = parse_script({{"on", on}});
      scenario.peer = Json::parse(cause.peer);
      need(scenario, cause.needs);
      need(scenario, deed.needs);
      // What is paused for ever, or kept open, only the kit ends.
      scenario.abort_at_end = verb == "pause_reading" || verb == "return";
      const bool never_ends = (verb == "pause_reading" && std::string(cause.event) != "CL") ||
                              (std::string(deed.name) == "return_true" && std::string(cause.event) == "ER");
      if (never_ends && scenario.peer.back()[0] == "read_until_eof") {
        scenario.peer.erase(scenario.peer.size() - 1);
        scenario.peer.push_back(Json::array({"drain"}));
      }
      scenario.transports = {"tcp", "unix"};
      scenario.generated = true;
      made.push_back(std::move(scenario));
    }
  return made;
}

}  // namespace antiphon::conformance
