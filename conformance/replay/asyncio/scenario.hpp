#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"

/// A scenario file of the oracle, as data. Words that the replay does not know are refused here, by name, and
/// not passed over when they would be run.
namespace antiphon::asyncio_replay {

/// ["on", "B.DR#2@1", action…]: what a protocol does when it is told something.
struct Handler {
  std::string protocol = "A";     ///< "A" unless the event names another
  std::string event;              ///< CM DR ER CL PW RW GB BU factory
  std::optional<int> occurrence;  ///< counted on the connection; 1 is the first
  std::optional<int> connection;  ///< 0 is the first
  std::vector<Json> actions;
};

struct Scenario {
  std::string name;
  std::string about;
  std::vector<Handler> handlers;
  std::vector<std::vector<Json>> peers;
  std::optional<std::vector<Json>> main;  ///< none: wait for CL, then 20 ms
  Json listen;                            ///< arguments of create_server; null: no server
  std::string protocol = "A";
  std::size_t buffer_size = 65536;  ///< of a buffered protocol
  std::string sync;                 ///< a test of the loop itself, run without one around it
  bool merge_data_received = false;
  bool counts_are_volatile = false;
  bool order_is_volatile = false;
  bool debug = false;
  bool main_starts_peers = false;
};

/// HarnessError if the file can't be read or uses a word that the format does not have.
[[nodiscard]] Scenario load_scenario(const std::filesystem::path& file);
[[nodiscard]] Scenario parse_scenario(const Json& file);

/// The scenario files of a folder, sorted by name; a single file stands for itself.
[[nodiscard]] std::vector<std::filesystem::path> scenario_files(const std::filesystem::path& place);

}  // namespace antiphon::asyncio_replay
