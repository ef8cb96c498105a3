#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "summary.hpp"

namespace antiphon::cli {

/// What `antiphon conform` shows.

/// Rules, scenarios, differences; those that fit.
void list(const conformance::Data& data, const std::string& rules, const std::string& scenarios);

/// One line a target: on a terminal rewritten while it works, with a bar; else written once at its end.
class Progress {
 public:
  Progress(std::string name, std::size_t total);
  void add(conformance::Verdict verdict, const std::string& scenario);
  /// `rules` in place of the bar.
  void end(const std::string& rules);

 private:
  void show(const std::string& behind);
  std::string name_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point shown_;
  std::map<conformance::Verdict, int> counts_;
};

/// "104 rules tried, 2 not offered".
[[nodiscard]] std::string describe(const conformance::RuleCount& rules);
/// The declared differences that showed, by target and reason: what was found, named by its rule.
[[nodiscard]] std::string differences_shown(const conformance::Report& report);
/// One line over all targets.
[[nodiscard]] std::string in_all(const conformance::Report& report);

/// Plays every mutant of the reference whose name fits; whether all fell as they should. `json`: a file to
/// write (schema antiphon-mutants/1), or empty.
[[nodiscard]] bool show_mutants(const conformance::Data& data, const std::string& names,
                                const std::filesystem::path& json);

/// Writes the pages that are made from the tables into a folder.
void write_documents(const conformance::Data& data, const std::filesystem::path& folder);

/// Throws std::invalid_argument if write_file() could not.
void check_writable(const std::filesystem::path& file);
/// Whole or not at all; what is no ordinary file, as a terminal or a pipe, is written to directly.
void write_file(const std::filesystem::path& file, const std::string& text);

}  // namespace antiphon::cli
