#include "trace.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace antiphon::conformance {

namespace {

constexpr std::array of_connections{"CM", "DR", "ER", "PW", "RW", "CL", "EV", "RT"};
constexpr std::array of_any{"EX", "note"};
constexpr std::array causes{"none", "reset", "broken-pipe", "timeout", "error"};
constexpr std::array counts{"bytes", "sum", "buffered"};
constexpr std::array texts{"cause", "kind", "action", "raised", "text"};

/// What an adapter has to tell with an event; others may leave out what they do not know.
struct Needed {
  std::string_view event;
  const char* field;
};
constexpr std::array needed{Needed{"DR", "bytes"}, Needed{"DR", "sum"},    Needed{"CL", "cause"},
                            Needed{"EV", "kind"},  Needed{"RT", "action"}, Needed{"note", "text"}};

bool is_in(const auto& kinds, std::string_view kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::int64_t number(const Json& value, const std::string& name, std::int64_t most) {
  if (!value.is_number_integer() || value < 0 || value > most)
    throw std::invalid_argument("its \"" + name + "\" is no number from 0: " + value.dump().substr(0, 80));
  return value;
}

void check_field(const std::string& name, const Json& value) {
  if (is_in(counts, name)) static_cast<void>(number(value, name, std::numeric_limits<std::int64_t>::max()));
  if (is_in(texts, name) && !value.is_string())
    throw std::invalid_argument("its \"" + name + "\" is no text: " + value.dump().substr(0, 80));
  if (name == "cause" && !is_in(causes, value.get<std::string>()))
    throw std::invalid_argument("its \"cause\" is none that the protocol knows: " +
                                value.dump().substr(0, 80));
}

}  // namespace

Json to_json(const Event& event) {
  Json line = {{"event", event.kind}};
  if (event.connection >= 0) {
    line["c"] = event.connection;
    line["n"] = event.number;
  }
  line.update(event.fields);
  return line;
}

Event event_from_json(const Json& line) {
  if (!line.is_object() || !line.contains("event") || !line["event"].is_string())
    throw std::invalid_argument("not an event line: " + line.dump().substr(0, 200));
  Event event;
  event.kind = line["event"];
  for (const auto& [name, value] : line.items()) {
    if (name == "c")
      event.connection = static_cast<int>(number(value, name, std::numeric_limits<int>::max()));
    else if (name == "n")
      event.number = static_cast<int>(number(value, name, std::numeric_limits<int>::max()));
    else if (name != "event")
      event.fields[name] = value;
  }
  for (const auto& [name, value] : event.fields.items()) check_field(name, value);
  const bool known = is_in(of_connections, event.kind);
  if (!known && !is_in(of_any, event.kind))
    throw std::invalid_argument("unknown event '" + event.kind.substr(0, 40) + "'");
  if (known && event.connection < 0)
    throw std::invalid_argument(event.kind + " without \"c\", the number of its connection");
  if (event.kind == "DR" && !event.fields.contains("bytes"))
    throw std::invalid_argument("DR without \"bytes\"");
  return event;
}

void check_complete(const Event& event) {
  const auto lacks = [&](const std::string& field) {
    throw std::invalid_argument(event.kind + " without \"" + field + "\"");
  };
  if (is_in(of_connections, event.kind) && event.number < 0) lacks("n");
  for (const Needed& each : needed)
    if (each.event == event.kind && !event.fields.contains(each.field)) lacks(each.field);
}

std::string token(const Event& event) {
  if (event.kind == "CL") return "CL(" + event.text("cause", "?") + ")";
  if (event.kind == "EV") return "EV(" + event.text("kind", "?") + ")";
  if (event.kind == "note") return "note(" + event.text("text") + ")";
  if (event.kind == "RT") {
    const std::string action = event.text("action");
    if (event.fields.contains("raised")) return "RT(" + action + " raised " + event.text("raised") + ")";
    return "RT(" + action + "=" + (event.fields.contains("value") ? event.fields["value"].dump() : "") + ")";
  }
  return event.kind;
}

std::string render(const Trace& trace, std::size_t marked) {
  std::string text;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    text += i == marked ? "  --> " : "      ";
    text += token(trace[i]);
    if (trace[i].connection >= 0) text += "  connection " + std::to_string(trace[i].connection);
    for (const auto& [name, value] : trace[i].fields.items()) text += "  " + name + "=" + value.dump();
    text += '\n';
  }
  return text.empty() ? "      (no events)\n" : text;
}

std::string stream_octets(std::uint64_t from, std::size_t size) {
  std::string octets(size, '\0');
  for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<char>((from + i) % 251);
  return octets;
}

std::size_t first_difference(std::string_view octets, std::uint64_t from) noexcept {
  for (std::size_t i = 0; i < octets.size(); ++i)
    if (static_cast<unsigned char>(octets[i]) != (from + i) % 251) return i;
  return std::string_view::npos;
}

std::uint32_t crc32(std::string_view octets) noexcept {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xEDB88320U : 0U);
      made[i] = value;
    }
    return made;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : octets) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (crc >> 8U);
  return ~crc;
}

}  // namespace antiphon::conformance
