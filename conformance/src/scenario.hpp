#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expectation.hpp"
#include "trace.hpp"

namespace antiphon::conformance {

/// A JSON list of actions of the adapter protocol: [["write", 5], ["close"]].
using Actions = Json;

/// What the server does on which event: the adapter protocol's server script.
struct Script {
  std::map<std::string, Actions> on;
  std::map<std::string, std::map<int, Actions>> on_nth;
  std::optional<std::pair<std::size_t, std::size_t>> limits;  ///< high, low
  Json json = Json::object();                                 ///< as it was read

  /// For the count-th such event of a connection, from 1.
  [[nodiscard]] const Actions& actions(const std::string& event, int count) const;
  /// Some action anywhere in it, also inside `later` and `soon`.
  [[nodiscard]] bool has(const std::string& action) const;
  /// Some action inside a `later` or `soon`, so that nobody but the server knows when it runs.
  [[nodiscard]] bool puts_off(const std::string& action) const;
  /// eof_received is made to return true somewhere.
  [[nodiscard]] bool keeps_open() const;
};

struct Scenario {
  std::string name;
  std::string about;
  std::vector<std::string> rules;       ///< what it proves; the first one is blamed
  std::vector<std::string> needs;       ///< of the adapter protocol's offers
  std::vector<std::string> transports;  ///< that it is played over
  Script server;
  Json peer = Json::array();                     ///< steps of the peer script
  std::optional<std::string> expect;             ///< see Expectation; none: judged by the model alone
  std::map<int, std::string> expect_of;          ///< the same for single connections
  std::optional<int> connections;                ///< how many have to be made
  std::optional<std::int64_t> peer_reads;        ///< octets in all
  std::optional<std::int64_t> peer_reads_below;  ///< fewer than so many
  std::string peer_end;                          ///< how the peer's connection has to end, if it matters
  std::string before;         ///< "stale-socket" or "file": what is at the path before the server listens
  std::string refused;        ///< the server has to refuse to listen, of this kind
  bool abort_at_end = false;  ///< the kit aborts connections that nothing else would end
  bool generated = false;     ///< enumerated, not written

  [[nodiscard]] bool steps(const std::string& verb) const;  ///< its peer has such a step
  [[nodiscard]] bool over(const std::string& transport) const;
  [[nodiscard]] bool tries(std::string_view rule) const;
};

/// What a scenario file holds: one scenario, or a list of them. Throws std::invalid_argument naming file,
/// line and what is wrong.
[[nodiscard]] std::vector<Scenario> load_scenario_file(const std::filesystem::path& file);
/// All *.json of a folder, and the generated ones.
[[nodiscard]] std::vector<Scenario> load_scenarios(const std::filesystem::path& folder);
/// Throws std::invalid_argument saying what is wrong.
[[nodiscard]] Scenario parse_scenario(const Json& json);
/// As a scenario file holds it.
[[nodiscard]] Json to_json(const Scenario& scenario);
[[nodiscard]] Script parse_script(const Json& json);

/// Every action inside every callback: generate.cpp.
[[nodiscard]] std::vector<Scenario> generated_scenarios();

}  // namespace antiphon::conformance
