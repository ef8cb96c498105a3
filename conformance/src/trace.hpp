#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace antiphon::conformance {

using Json = nlohmann::json;

/// One thing that the server's user code saw: a line of the adapter protocol.
///
/// `kind`: CM DR ER PW RW CL (connection made, data received, end received, writing paused, resumed,
/// connection lost), EV (another condition), EX (an error reached the loop's own handler), RT (an action
/// returned or threw), note.
struct Event {
  std::string kind;
  int connection = -1;  ///< in order of acceptance; -1: of none
  int number = -1;      ///< within its connection
  Json fields = Json::object();

  [[nodiscard]] std::string text(const char* field, const std::string& otherwise = "") const {
    const auto found = fields.find(field);
    return found != fields.end() && found->is_string() ? found->get<std::string>() : otherwise;
  }
  [[nodiscard]] std::int64_t count(const char* field, std::int64_t otherwise = 0) const {
    const auto found = fields.find(field);
    return found != fields.end() && found->is_number() ? found->get<std::int64_t>() : otherwise;
  }
};

/// In the order in which they happened.
using Trace = std::vector<Event>;

[[nodiscard]] Json to_json(const Event& event);
/// Throws std::invalid_argument for what is no event line, saying why.
[[nodiscard]] Event event_from_json(const Json& line);
/// Throws std::invalid_argument unless it has all that an adapter has to tell of such an event. A recorded
/// trace may have less.
void check_complete(const Event& event);

/// As scenarios' expectations name it: "DR", "CL(reset)", "EV(streamish-canceled)", "RT(is_closing=true)".
[[nodiscard]] std::string token(const Event& event);
/// For people, one event a line, with `marked` (an index) pointed at.
[[nodiscard]] std::string render(const Trace& trace, std::size_t marked = static_cast<std::size_t>(-1));

/// The octets of every stream of the kit: octet i is i mod 251, so that any piece can be checked without
/// keeping it.
[[nodiscard]] std::string stream_octets(std::uint64_t from, std::size_t size);
/// The first index at which `octets` is not the stream from `from` on, or npos.
[[nodiscard]] std::size_t first_difference(std::string_view octets, std::uint64_t from) noexcept;
/// The CRC-32 of zip and Ethernet, as DR lines carry it.
[[nodiscard]] std::uint32_t crc32(std::string_view octets) noexcept;

}  // namespace antiphon::conformance
