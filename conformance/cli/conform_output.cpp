#include "conform_output.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <utility>

#include "document.hpp"
#include "mutants.hpp"
#include "rules.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has no header for it

namespace antiphon::cli {

using namespace conformance;

namespace {

bool any_fits(const std::string& pattern, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return fits(pattern, name); });
}

}  // namespace

void list(const Data& data, const std::string& rules, const std::string& scenarios) {
  std::size_t shown = 0;
  for (const Rule& rule : all_rules()) {
    if (!fits(rules, rule.id)) continue;
    ++shown;
    std::cout << rule.id << std::string(9 - std::min<std::size_t>(rule.id.size(), 8), ' ')
              << name_of(rule.level) << (rule.level == Level::must ? "   " : " ") << rule.sentence << " ("
              << rule.sources << ")\n";
  }
  std::cout << shown << " rules\n\n";
  shown = 0;
  for (const Scenario& scenario : data.scenarios) {
    if (!fits(scenarios, scenario.name) || !any_fits(rules, scenario.rules)) continue;
    ++shown;
    std::printf("%-36s %-8s %s\n", scenario.name.c_str(), scenario.rules.front().c_str(),
                scenario.about.c_str());
  }
  std::fflush(stdout);
  std::cout << shown << " scenarios\n\n";
  for (const Difference& each : data.differences)
    std::cout << each.target << " differs in " << each.scenario
              << (each.rule.empty() ? "" : " by " + each.rule) << ": " << each.reason << '\n';
  std::cout << data.differences.size() << " differences are declared\n";
}

Progress::Progress(std::string name, std::size_t total)
    : name_(std::move(name)), total_(total), terminal_(::isatty(STDOUT_FILENO) == 1) {}

void Progress::add(Verdict verdict, const std::string& scenario) {
  ++counts_[verdict];
  ++done_;
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || (now - shown_ < std::chrono::milliseconds(50) && done_ < total_)) return;
  shown_ = now;
  constexpr std::size_t width = 24;
  const std::size_t full = total_ == 0 ? width : done_ * width / total_;
  show("  [" + std::string(full, '#') + std::string(width - full, '.') + "] " + scenario.substr(0, 32));
}

void Progress::end(const std::string& rules) {
  show("  " + rules);
  std::printf("\n");
  std::fflush(stdout);
}

void Progress::show(const std::string& behind) {
  std::printf("%s%-20s %zu/%zu", terminal_ ? "\r\x1b[2K" : "", name_.c_str(), done_, total_);
  for (const auto& [verdict, count] : counts_)
    std::printf("  %d %.*s", count, static_cast<int>(name_of(verdict).size()), name_of(verdict).data());
  std::printf("%s", behind.c_str());
  std::fflush(stdout);
}

std::string describe(const RuleCount& rules) {
  std::string text = std::to_string(rules.tried.size()) + " rules tried";
  if (!rules.not_offered.empty()) text += ", " + std::to_string(rules.not_offered.size()) + " not offered";
  if (!rules.silent.empty()) {
    text += ", " + std::to_string(rules.silent.size()) + " never judged:";
    for (const std::string& rule : rules.silent) text += " " + rule;
  }
  return text;
}

std::string differences_shown(const Report& report) {
  std::string text;
  for (const Hello& target : report.targets) {
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> found;  // by rule and reason
    for (const Result& each : report.results)
      if (each.target == target.name && each.verdict == Verdict::differs)
        found[{each.rule, each.reason}].push_back(each.scenario);
    if (!found.empty()) text += "\n" + target.name + " " + target.version + " differs, as declared:\n";
    for (const auto& [why, scenarios] : found) {
      const auto& [rule, reason] = why;
      text += "  " + rule + std::string(9 - std::min<std::size_t>(rule.size(), 8), ' ') + reason + ": " +
              scenarios[0];
      if (scenarios.size() > 1) text += " and " + std::to_string(scenarios.size() - 1) + " more";
      text += '\n';
    }
  }
  return text;
}

std::string in_all(const Report& report) {
  std::map<Verdict, std::size_t> counts;
  for (const Result& each : report.results) ++counts[each.verdict];
  std::string text = "\n" + std::to_string(report.targets.size()) + " targets, " +
                     std::to_string(report.results.size()) + " results:";
  for (const auto& [verdict, count] : counts)
    text += " " + std::to_string(count) + " " + std::string(name_of(verdict)) + ",";
  return text + " " + std::to_string(count_rules_tried(report)) + " of " +
         std::to_string(all_rules().size()) + " rules tried\n";
}

bool show_mutants(const Data& data, const std::string& names, const std::filesystem::path& json) {
  std::size_t well = 0;
  Json told = Json::array();
  const auto results = run_mutants(data, names, [&](const MutantResult& result) {
    if (result.killed_well()) ++well;
    std::cout << (result.killed_well() ? "  " : "! ") << describe(result) << std::endl;
    told.push_back({{"name", result.name},
                    {"breaks", result.breaks},
                    {"rule", result.rule},
                    {"killed", result.killed_well()},
                    {"killed_by", result.killed_by},
                    {"scenario", result.scenario},
                    {"message", result.message}});
  });
  const auto missing = rules_without_mutant();
  for (const std::string& rule : missing) std::cout << "! no mutant breaks " << rule << '\n';
  std::cout << well << " of " << results.size() << " mutants are killed by the rule they break; "
            << all_rules().size() << " rules, " << missing.size() << " of them kill none\n";
  if (!json.empty())
    write_file(json, Json{{"schema", "antiphon-mutants/1"},
                          {"rules", all_rules().size()},
                          {"rules_without_mutant", missing},
                          {"mutants", std::move(told)}}
                             .dump(1) +
                         "\n");
  return well == results.size() && missing.empty() && !results.empty();
}

namespace {

/// By Graphviz. Throws std::runtime_error.
void draw(const std::filesystem::path& dot, const std::filesystem::path& svg) {
  std::array<std::string, 5> words{"dot", "-Tsvg", "-o", svg.string(), dot.string()};
  std::array<char*, words.size() + 1> arguments{};
  std::transform(words.begin(), words.end(), arguments.begin(),
                 [](std::string& word) { return word.data(); });
  pid_t child = -1;
  int status = -1;
  if (::posix_spawnp(&child, "dot", nullptr, nullptr, arguments.data(), environ) == 0)
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  if (status != 0)
    throw std::runtime_error("Graphviz's dot, which draws " + svg.string() + ", failed or is missing");
}

}  // namespace

void write_documents(const Data& data, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_file(folder / "rules.md", rules_page(data));
  write_file(folder / "break_it.md", break_it_page(data));
  write_file(folder / "automaton.dot", automaton_dot());
  draw(folder / "automaton.dot", folder / "automaton.svg");
}

namespace {

/// What is written first, to be renamed when it is whole.
std::filesystem::path partial_of(const std::filesystem::path& file) {
  std::error_code ignored;
  const auto kind = std::filesystem::status(file, ignored).type();
  using std::filesystem::file_type;
  return kind == file_type::not_found || kind == file_type::regular
             ? std::filesystem::path(file.string() + ".partial")
             : file;
}

}  // namespace

void check_writable(const std::filesystem::path& file) {
  const std::filesystem::path partial = partial_of(file);
  if (!std::ofstream(partial)) throw std::invalid_argument(file.string() + ": cannot be written");
  std::error_code ignored;
  if (partial != file) std::filesystem::remove(partial, ignored);
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path partial = partial_of(file);
  std::ofstream out(partial);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + partial.string());
  if (partial != file) std::filesystem::rename(partial, file);
}

}  // namespace antiphon::cli
