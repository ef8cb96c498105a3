#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenario.hpp"
#include "target.hpp"

namespace antiphon::conformance {

/// Where a target is known to behave otherwise, and why. Target and scenario may be patterns.
struct Difference {
  std::string target;
  std::string scenario = "*";
  std::string rule;  ///< only if this one is broken; empty: whichever
  std::string reason;
  bool sometimes = false;  ///< not in every run, so that passing does not make the declaration stale
  std::string at;          ///< "file:line" of the declaration
  /// It speaks of one scenario, not of a pattern.
  [[nodiscard]] bool names_one() const { return scenario.find_first_of("*?[") == std::string::npos; }
  [[nodiscard]] bool fits(std::string_view a_target, std::string_view a_scenario) const;
};
/// Throws std::invalid_argument naming the file, the line and what is wrong.
[[nodiscard]] std::vector<Difference> load_differences(const std::filesystem::path& file);

/// The data that the kit needs at run time: scenarios, differences, adapters.
struct Data {
  std::vector<Scenario> scenarios;
  std::vector<Difference> differences;
  std::filesystem::path adapters;
};
/// From a folder that has scenarios/, differences.json and adapters/. Throws std::invalid_argument naming the
/// file.
[[nodiscard]] Data load_data(const std::filesystem::path& folder);
/// Throws std::invalid_argument, as above, for a difference in a scenario that does not exist.
void check_differences(const Data& data);
/// The folder belonging to the running program: ../share/antiphon beside its own.
[[nodiscard]] std::filesystem::path default_data_folder();

/// Whether a text fits a shell pattern.
[[nodiscard]] bool fits(const std::string& pattern, std::string_view text);

/// "asio_style-unix" is asio_style over a Unix socket; "exec-tls:./my_adapter" is that program over TLS.
struct TargetName {
  std::string base;
  std::string transport;
};
[[nodiscard]] TargetName parse_target(const std::string& name);
/// What `all` stands for.
[[nodiscard]] const std::vector<std::string>& known_targets();
[[nodiscard]] bool is_target(const std::string& name);
/// Starts it. Throws HarnessError.
[[nodiscard]] std::unique_ptr<Target> make_target(const std::string& base, const Data& data, EventLog& log);

}  // namespace antiphon::conformance
