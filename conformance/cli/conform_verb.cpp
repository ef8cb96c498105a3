// antiphon conform: the kit's scenarios on one or all targets.

#include <fnmatch.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules.hpp"
#include "run.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

using namespace conformance;

struct Options {
  std::vector<std::string> targets{"all"};
  std::string scenarios = "*";
  std::string rules = "*";
  std::string json;
  std::string data;
  bool list = false;
};

bool fits(const std::string& glob, const std::string& text) {
  return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

void list(const Data& data) {
  for (const Rule& rule : all_rules())
    std::printf("%-8.*s %-6.*s %.*s\n", static_cast<int>(rule.id.size()), rule.id.data(),
                static_cast<int>(name_of(rule.level).size()), name_of(rule.level).data(),
                static_cast<int>(rule.sentence.size()), rule.sentence.data());
  std::printf("\n");
  for (const Scenario& scenario : data.scenarios)
    std::printf("%-26s %-8s %s\n", scenario.name.c_str(), scenario.rules.front().c_str(),
                scenario.about.c_str());
  std::printf("\n");
  for (const Difference& each : data.differences)
    std::printf("%s differs in %s: %s\n", each.target.c_str(), each.scenario.c_str(), each.reason.c_str());
}

/// One line a target: on a terminal rewritten while it works, else written once at its end.
class Progress {
 public:
  Progress(std::string name, std::size_t total)
      : name_(std::move(name)), total_(total), terminal_(::isatty(STDOUT_FILENO) == 1) {}
  void add(const Result& result) {
    ++counts_[result.verdict];
    ++done_;
    if (terminal_) show("\r");
  }
  void end() const {
    show(terminal_ ? "\r" : "");
    std::printf("\n");
    std::fflush(stdout);
  }

 private:
  void show(const char* before) const {
    std::printf("%s%-15s %zu/%zu", before, name_.c_str(), done_, total_);
    for (const auto& [verdict, count] : counts_)
      std::printf("  %d %.*s", count, static_cast<int>(name_of(verdict).size()), name_of(verdict).data());
    std::fflush(stdout);
  }
  std::string name_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool terminal_;
  std::map<Verdict, int> counts_;
};

/// Whole or not at all.
void write_file(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path partial = file.string() + ".partial";
  std::ofstream out(partial);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + partial.string());
  std::filesystem::rename(partial, file);
}

Exit conform(const Options& options) {
  const Data data =
      load_data(options.data.empty() ? default_data_folder() : std::filesystem::path(options.data));
  if (options.list) {
    list(data);
    return Exit::success;
  }
  std::vector<const Scenario*> chosen;
  for (const Scenario& scenario : data.scenarios)
    if (fits(options.scenarios, scenario.name) &&
        std::any_of(scenario.rules.begin(), scenario.rules.end(),
                    [&](const auto& rule) { return fits(options.rules, rule); }))
      chosen.push_back(&scenario);
  if (chosen.empty()) {
    std::cerr << "antiphon: no scenario fits --scenario '" << options.scenarios << "' --rule '"
              << options.rules << "'\n";
    return Exit::usage;
  }
  std::vector<std::string> targets;
  for (const std::string& name : options.targets) {
    if (name == "all")
      targets.insert(targets.end(), known_targets().begin(), known_targets().end());
    else
      targets.push_back(name);
  }

  std::vector<Hello> hellos;
  std::vector<Result> results;
  for (const std::string& name : targets) {
    TargetRunner runner(name, data);
    Progress progress(name, chosen.size());
    for (const Scenario* scenario : chosen) {
      results.push_back(runner.run(*scenario));
      progress.add(results.back());
    }
    progress.end();
    for (const Result& result : results)
      if (result.target == name && !is_good(result.verdict)) std::cout << explain(result);
    try {
      Hello hello = runner.hello();
      hello.name = name;
      hellos.push_back(std::move(hello));
    } catch (const std::exception& error) {
      hellos.push_back({name, "?", "?", {}});
    }
  }
  if (!options.json.empty()) write_file(options.json, results_to_json(hellos, data, results).dump(1) + "\n");
  const auto any = [&](auto... verdicts) {
    return std::any_of(results.begin(), results.end(),
                       [&](const Result& r) { return ((r.verdict == verdicts) || ...); });
  };
  if (any(Verdict::harness_error)) return Exit::harness_error;
  return any(Verdict::fail, Verdict::stale) ? Exit::failure : Exit::success;
}

}  // namespace

void add_conform_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("conform",
                                      "Prove the order of callbacks, flow control and shutdown. Status 1: a "
                                      "rule is broken, 3: a target failed");
  verb->add_option("--target", options->targets,
                   "asio_style, cl_async_style, asyncio, uvloop, all, or exec:\"COMMAND\"")
      ->capture_default_str()
      ->check([](const std::string& name) {
        const auto& known = known_targets();
        if (name == "all" || name.starts_with("exec:") ||
            std::find(known.begin(), known.end(), name) != known.end())
          return std::string();
        return "unknown target '" + name + "'";
      });
  verb->add_option("--scenario", options->scenarios, "Only those whose name fits the pattern")
      ->capture_default_str();
  verb->add_option("--rule", options->rules, "Only those that prove a rule whose number fits")
      ->capture_default_str();
  verb->add_option("--json", options->json, "Write the results to this file");
  verb->add_option("--data", options->data, "Folder of scenarios/, differences.json and adapters/");
  verb->add_flag("--list", options->list, "List rules, scenarios and declared differences");
  verb->callback([options, &chosen] { chosen = [options] { return conform(*options); }; });
}

}  // namespace antiphon::cli
