#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "trace.hpp"

namespace antiphon::conformance {

/// A JSON list of actions of the adapter protocol: [["write", 5], ["close"]].
using Actions = Json;

/// What the server does on which event: the adapter protocol's server script.
struct Script {
  std::map<std::string, Actions> on;
  std::map<std::string, std::map<int, Actions>> on_nth;
  std::optional<std::pair<std::size_t, std::size_t>> limits;  ///< high, low
  Json json;                                                  ///< as it was read

  /// For the count-th such event of a connection, from 1.
  [[nodiscard]] const Actions& actions(const std::string& event, int count) const;
  /// Some action anywhere in it, also inside `later` and `soon`.
  [[nodiscard]] bool has(const std::string& action) const;
  /// eof_received is made to return true somewhere.
  [[nodiscard]] bool keeps_open() const;
};

struct Scenario {
  std::string name;
  std::string about;
  std::vector<std::string> rules;  ///< what it proves; the first gives its test the number
  std::vector<std::string> needs;  ///< of the adapter protocol's offers
  Script server;
  Json peer;                               ///< steps of the peer script
  std::string expect;                      ///< see matches()
  std::optional<std::int64_t> peer_reads;  ///< octets in all
  std::string peer_end;                    ///< "eof" or "reset", if it matters
  bool abort_at_end = false;               ///< the kit aborts connections that nothing else would end
};

/// Throws std::invalid_argument naming the file and what is wrong in it.
[[nodiscard]] Scenario load_scenario(const std::filesystem::path& file);
/// All *.json of a folder, by name.
[[nodiscard]] std::vector<Scenario> load_scenarios(const std::filesystem::path& folder);
[[nodiscard]] Script parse_script(const Json& json);

/// Whether tokens match an expectation: tokens separated by spaces, `A|B` for either, with `+`, `*` or `?`
/// behind for repetition: "CM DR+ ER? CL(none)|CL(reset)".
[[nodiscard]] bool matches(const std::vector<std::string>& tokens, const std::string& expect);

}  // namespace antiphon::conformance
