#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace antiphon::wookie_replay {

/// What a run or a recording showed, in a form that can be compared.
struct outcome {
  nlohmann::json events;                ///< of the server, without what C++ has no counterpart for
  std::vector<nlohmann::json> results;  ///< one a step; null for those that read nothing
};

/// differences.json, by scenario: the rules and the reason; `events` if those are others, all of them;
/// `results`, by the number of the step, the parts of a result that are others. With "stored": false the
/// trace is not in this repository, and what it shows is told by the specification only.
using differences = std::map<std::string, nlohmann::json>;
[[nodiscard]] differences load_differences(const std::filesystem::path& file);

[[nodiscard]] nlohmann::json load_trace(const std::filesystem::path& file);
[[nodiscard]] outcome recorded(const nlohmann::json& trace);
/// What ours is to show: the recording, but for what is declared.
[[nodiscard]] outcome expected(const nlohmann::json& trace, const nlohmann::json* declared);

/// Runs a trace on cl_async_style. Returns what is wrong: one line each; none if all is as expected.
[[nodiscard]] std::vector<std::string> replay(const nlohmann::json& trace, const nlohmann::json* declared);

}  // namespace antiphon::wookie_replay
