#include "comparison.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace antiphon::conformance::cl_async {

namespace {

bool one_of(std::string_view what, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

Json field(const Json& of, const std::string& name) {
  return of.is_object() ? of.value(name, Json()) : Json();
}

/// The sub-types of cl-async's socket-error.
bool is_socket_error(const Json& cond) {
  return cond.is_string() && one_of(cond.get_ref<const std::string&>(),
                                    {"socket-error", "socket-eof", "socket-reset", "socket-timeout",
                                     "socket-refused", "socket-aborted", "socket-address-in-use",
                                     "socket-accept-error", "tcp-ssl-error", "tcp-server-bind-error"});
}

/// An error that is no condition of cl-async's: those have a code.
bool is_language_error(const Json& event) {
  return field(event, "cond").is_string() && field(event, "code").is_null();
}

std::size_t characters(const std::string& utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool same_field(const std::string& name, const Json& expected, const Json& ours) {
  const Json want = field(expected, name);
  const Json got = field(ours, name);
  if (one_of(name, {"same_iteration", "class", "detail", "server_events_so_far"})) return true;
  if (name == "text") return want.is_null() || want == got;
  if (name == "is_tcp_eof") return !expected.contains(name) || got == (field(ours, "cond") == "socket-eof");
  if (name == "is_tcp_error") return !expected.contains(name) || got == is_socket_error(field(ours, "cond"));
  if (one_of(name, {"is_error", "is_streamish_error"})) return !expected.contains(name) || want == got;
  if (name == "msg") {
    if (!expected.contains(name)) return true;
    const bool of_cl_async = field(expected, "code").is_number();
    return of_cl_async ? want == got : want.is_null() == got.is_null();
  }
  if (name == "cond" && is_language_error(expected) && is_language_error(ours)) return true;
  if (name == "n" && field(expected, "text").is_string() && want.is_number() && got.is_number()) {
    const auto text = expected.at("text").get<std::string>();
    return want == got || (got == text.size() && want == characters(text));
  }
  return want == got;
}

/// The names of the fields that differ.
std::vector<std::string> differing(const Json& expected, const Json& ours) {
  std::set<std::string> names;
  for (const Json* side : {&expected, &ours})
    if (side->is_object())
      for (const auto& [name, value] : side->items()) names.insert(name);
  std::vector<std::string> differ;
  for (const std::string& name : names)
    if (!same_field(name, expected, ours)) differ.push_back(name);
  return differ;
}

std::string line(const Json& event) {
  return event.is_null() ? "nothing" : event.dump();
}

Json at(const Json& list, std::size_t i) {
  return i < list.size() ? list[i] : Json();
}

void compare_lists(const char* what, const Json& expected, const Json& ours, std::vector<std::string>& out,
                   std::vector<std::string> (*differ)(const Json&, const Json&)) {
  for (std::size_t i = 0; i < std::max(expected.size(), ours.size()); ++i) {
    std::string fields;
    for (const std::string& name : differ(at(expected, i), at(ours, i)))
      fields += (fields.empty() ? "" : ", ") + name;
    if (fields.empty() && i < expected.size() && i < ours.size()) continue;
    out.push_back(std::string(what) + " " + std::to_string(i + 1) + " (" + fields + "): expected " +
                  line(at(expected, i)) + ", got " + line(at(ours, i)));
  }
}

std::vector<std::string> differing_steps(const Json& expected, const Json& ours) {
  if (field(expected, "step") != field(ours, "step")) return {"step"};
  std::vector<std::string> differ;
  for (const std::string& name : differing(field(expected, "result"), field(ours, "result")))
    differ.push_back("result." + name);
  return differ;
}

}  // namespace

std::vector<std::string> compare(const Outcome& expected, const Outcome& ours) {
  std::vector<std::string> differences;
  compare_lists("event", expected.events, ours.events, differences, differing);
  compare_lists("peer step", expected.peer, ours.peer, differences, differing_steps);
  return differences;
}

std::string render(const Outcome& expected, const Outcome& ours) {
  std::string text;
  const auto add = [&text](const char* title, const Json& want, const Json& got, auto differ) {
    text += std::string(title) + ":\n";
    for (std::size_t i = 0; i < std::max(want.size(), got.size()); ++i) {
      const bool same = i < want.size() && i < got.size() && differ(want[i], got[i]).empty();
      if (same) {
        text += "    " + line(got[i]) + "\n";
      } else {
        text += "  - " + line(at(want, i)) + "\n  + " + line(at(got, i)) + "\n";
      }
    }
  };
  add("events (- expected, + got)", expected.events, ours.events, differing);
  add("peer", expected.peer, ours.peer, differing_steps);
  return text;
}

}  // namespace antiphon::conformance::cl_async
