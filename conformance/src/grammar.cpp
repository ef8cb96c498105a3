#include "grammar.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

namespace antiphon::conformance {

namespace {

/// What an action or a step is given: one letter each, in order.
///   n a count   m a count or null   b true or false   t a text   l a list of counts   a actions
/// Behind a '?' come those that may be left out.
struct Form {
  std::string_view name;
  std::string_view given;
};

constexpr std::array actions_known{
    Form{"write", "n"},       Form{"writelines", "l"},   Form{"write_until_paused", "nn"},
    Form{"echo", ""},         Form{"write_eof", ""},     Form{"close", ""},
    Form{"abort", ""},        Form{"pause_reading", ""}, Form{"resume_reading", ""},
    Form{"set_limits", "mm"}, Form{"is_closing", ""},    Form{"is_reading", ""},
    Form{"buffer_size", ""},  Form{"limits", ""},        Form{"return", "b"},
    Form{"raise", "t"},       Form{"later", "na"},       Form{"soon", "a"},
    Form{"set_protocol", ""}, Form{"stop_listener", ""}, Form{"note", "t"},
};

constexpr std::array steps_known{
    Form{"connect", ""},
    Form{"send", "n"},
    Form{"send_text", "t"},
    Form{"shutdown_write", ""},
    Form{"rst", ""},
    Form{"close", ""},
    Form{"read", "n"},
    Form{"read_until_eof", ""},
    Form{"sleep_ms", "n"},
    Form{"set_rcvbuf", "n"},
    Form{"set_sndbuf", "n"},
    Form{"wait_event", "t?n"},
    Form{"connect_many", "n"},
    Form{"handshake", ""},
    Form{"close_notify", ""},
    Form{"truncate", ""},
    Form{"act", "na"},
    Form{"drain", ""},
    Form{"stop", ""},
    Form{"stop_loop", ""},
    Form{"peer", "n"},
    Form{"read_available", ""},
    Form{"close_all", ""},
    Form{"expect_refused", ""},
    Form{"limit_descriptors", ""},
    Form{"free_descriptors", ""},
};

constexpr std::array events_known{"CM", "DR", "ER", "PW", "RW", "CL", "EV", "EX", "RT", "note"};
constexpr std::array offers_known{"tcp",
                                  "unix",
                                  "tls",
                                  "write_eof",
                                  "keep_open_after_eof",
                                  "flow_control",
                                  "set_write_buffer_limits",
                                  "pause_reading",
                                  "set_protocol",
                                  "abort",
                                  "buffered_protocol",
                                  "exceptions",
                                  "writelines",
                                  "timeouts"};

[[noreturn]] void bad(const std::string& what) {
  throw std::invalid_argument(what);
}

bool is_count(const Json& value) {  // one that was not read from a text may be signed
  return value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0);
}

bool is_of(char kind, const Json& value) {
  switch (kind) {
    case 'n':
      return is_count(value);
    case 'm':
      return is_count(value) || value.is_null();
    case 'b':
      return value.is_boolean();
    case 't':
      return value.is_string();
    case 'l':
      return value.is_array() && std::all_of(value.begin(), value.end(), is_count);
    default:
      return value.is_array();  // actions, looked at by themselves
  }
}

const char* name_of(char kind) {
  switch (kind) {
    case 'n':
      return "a count";
    case 'm':
      return "a count or null";
    case 'b':
      return "true or false";
    case 't':
      return "a text";
    case 'l':
      return "a list of counts";
    default:
      return "a list of actions";
  }
}

void check_form(const Json& one, std::span<const Form> known, const char* what) {
  if (!one.is_array() || one.empty() || !one[0].is_string())
    bad(std::string("not ") + what +
        ", which is a list that begins with its name: " + one.dump().substr(0, 200));
  const auto form =
      std::find_if(known.begin(), known.end(), [&](const Form& each) { return one[0] == each.name; });
  if (form == known.end()) bad(std::string("not ") + what + ": " + one.dump().substr(0, 200));
  std::size_t at = 1;
  bool optional = false;
  for (const char kind : form->given) {
    if (kind == '?') {
      optional = true;
      continue;
    }
    if (at == one.size() && optional) return;
    if (at == one.size()) bad(one.dump().substr(0, 200) + " lacks " + name_of(kind));
    if (!is_of(kind, one[at]))
      bad(one.dump().substr(0, 200) + ": " + one[at].dump() + " is not " + name_of(kind));
    if (kind == 'a') check_actions(one[at]);
    ++at;
  }
  if (at != one.size()) bad(one.dump().substr(0, 200) + " has more than it takes");
}

}  // namespace

void check_actions(const Json& actions) {
  if (!actions.is_array()) bad("actions must be a list: " + actions.dump().substr(0, 200));
  for (const Json& each : actions) check_form(each, actions_known, "an action");
}

void check_steps(const Json& steps) {
  if (!steps.is_array()) bad("the peer's steps must be a list: " + steps.dump().substr(0, 200));
  for (const Json& each : steps) {
    check_form(each, steps_known, "a step of the peer");
    if (each[0] != "wait_event") continue;
    const std::string event = each[1];
    if (!event.starts_with("note:") &&
        std::find(events_known.begin(), events_known.end(), event) == events_known.end())
      bad("unknown event '" + event + "' in " + each.dump().substr(0, 200));
  }
}

void check_expectation_text(const std::string& expect) {
  int depth = 0;
  std::string name;
  const auto end_of_name = [&] {
    if (!name.empty() && std::find(events_known.begin(), events_known.end(), name) == events_known.end())
      bad("unknown event '" + name + "' in the expectation '" + expect + "'");
    name.clear();
  };
  for (const char c : expect) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth < 0) break;
    const bool within = depth > 0 || c == ')';
    if (within || c == ' ' || c == '|' || c == '+' || c == '*' || c == '?')
      end_of_name();
    else
      name += c;
  }
  end_of_name();
  if (depth != 0) bad("the parentheses of the expectation '" + expect + "' do not match");
}

void check_offer(const std::string& offer) {
  if (std::find(offers_known.begin(), offers_known.end(), offer) == offers_known.end())
    bad("unknown offer '" + offer + "'");
}

}  // namespace antiphon::conformance
