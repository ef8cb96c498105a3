#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace antiphon::conformance::cl_async {

using Json = nlohmann::json;

/// The kit cannot do what it was asked: an unknown operation, a file that is no trace. Never a verdict on the
/// library.
class HarnessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What both sides saw, each list in order; between the two only `wait_event` steps give an order.
struct Outcome {
  Json events = Json::array();  ///< of the server: {"event": "read-cb", "sock": 1, ...}
  Json peer = Json::array();  ///< of the peer: {"step": [...], "result": {...}}, the result left out if none
};

/// A trace recorded from the real cl-async, with the scripts that made it.
struct TraceFile {
  std::string scenario;
  std::string note;
  Json server_script;
  Json peer_script;
  std::vector<Outcome> recorded;  ///< the most frequent one first; more if the recorded runs differed
};

/// Throws HarnessError, naming the file, if it cannot be read or is no trace.
[[nodiscard]] TraceFile load_trace(const std::filesystem::path& file);

/// The traces of a folder (`*.cl-async.json`), sorted; a file stands for itself. Throws HarnessError if there
/// is none.
[[nodiscard]] std::vector<std::filesystem::path> find_traces(const std::filesystem::path& where);

}  // namespace antiphon::conformance::cl_async
