// antiphon check: judges a trace file offline.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "checker.hpp"
#include "data.hpp"
#include "rules.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

using namespace conformance;

struct Options {
  std::string file;
  std::string scenario;
  std::string data;
  std::vector<std::size_t> limits;
  bool partial = false;
};

/// The event lines of the adapter protocol; replies and requests between them are passed over.
Trace read_trace(const std::string& file) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file);
    if (!opened || std::filesystem::is_directory(file))
      throw std::invalid_argument(file + ": cannot be read");
  }
  std::istream& in = file == "-" ? std::cin : opened;
  Trace trace;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      const Json json = Json::parse(line);
      if (json.is_object() && (json.contains("reply") || json.contains("op"))) continue;
      trace.push_back(event_from_json(json));
    } catch (const Json::parse_error& error) {
      // Its own words begin with a number of its own, and with a line that is always the first.
      const std::string words = error.what();
      const std::size_t column = words.find("column ");
      throw std::invalid_argument(file + ":" + std::to_string(number) + ": no JSON: " +
                                  (column == std::string::npos ? words : words.substr(column)));
    } catch (const std::exception& error) {
      throw std::invalid_argument(file + ":" + std::to_string(number) + ": " + error.what());
    }
  }
  if (trace.empty()) throw std::invalid_argument(file + ": no event in it");
  return trace;
}

/// Up to the event that breaks a rule; of many connections only what that one was told.
void show_prefix(Trace trace, std::size_t at) {
  std::cout << "  the shortest part of the trace that breaks it";
  if (at < trace.size()) {
    trace.resize(at + 1);
    const int connection = trace.back().connection;
    const auto another = [&](const Event& event) {
      return event.connection >= 0 && event.connection != connection;
    };
    constexpr std::size_t many = 100;
    if (trace.size() > many && connection >= 0) {
      const auto others = static_cast<std::size_t>(std::count_if(trace.begin(), trace.end(), another));
      trace.erase(std::remove_if(trace.begin(), trace.end(), another), trace.end());
      std::cout << ", without " << others << " events of other connections";
    }
    at = trace.size() - 1;
  }
  std::cout << ":\n" << render(trace, at);
}

Exit check_file(const Options& options) {
  Trace trace;
  Scenario scenario;
  try {
    if (options.limits.size() == 2 && options.limits[0] < options.limits[1])
      throw std::invalid_argument("--limits: the high mark comes first, and is not below the low one");
    trace = read_trace(options.file);
    if (!options.scenario.empty()) {
      const Data data =
          load_data(options.data.empty() ? default_data_folder() : std::filesystem::path(options.data));
      const auto found = std::find_if(data.scenarios.begin(), data.scenarios.end(),
                                      [&](const Scenario& each) { return each.name == options.scenario; });
      if (found == data.scenarios.end())
        throw std::invalid_argument("no scenario is named '" + options.scenario + "'");
      scenario = *found;
    }
  } catch (const std::invalid_argument& error) {
    std::cerr << "antiphon: " << error.what() << '\n';
    return Exit::usage;
  }
  if (options.limits.size() == 2) scenario.server.limits.emplace(options.limits[0], options.limits[1]);
  const PeerRecord peer;
  const Run run{scenario, trace, peer, "tcp", "", false};
  std::vector<std::string> exercised;
  auto violation = options.scenario.empty() ? check_model(run, exercised) : check(run, exercised);
  if (!violation) violation = check_order(trace, !options.partial);
  if (!violation) {
    std::set<int> connections;
    for (const Event& event : trace)
      if (event.connection >= 0) connections.insert(event.connection);
    std::cout << "pass: " << trace.size() << " events of " << connections.size() << " connections keep "
              << exercised.size() << " rules:";
    for (const std::string& rule : exercised) std::cout << ' ' << rule;
    std::cout << '\n';
    return Exit::success;
  }
  std::cout << "fail: " << violation->message << '\n';
  if (const Rule* rule = find_rule(violation->rule); rule != nullptr)
    std::cout << "  " << rule->id << ' ' << name_of(rule->level) << ": " << rule->sentence << " ("
              << rule->sources << ")\n";
  show_prefix(std::move(trace), violation->event);
  if (!violation->expected.empty()) std::cout << "  expected: " << violation->expected << '\n';
  return Exit::failure;
}

}  // namespace

void add_check_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("check",
                         "Judge a recorded trace: one JSON event of the adapter protocol a line. Status "
                         "1: a rule is broken, 2: the file has an error");
  verb->add_option("trace", options->file, "The file; - is the standard input")->required();
  verb->add_option("--scenario", options->scenario, "Judge it by this scenario's expectation, too");
  verb->add_option("--limits", options->limits,
                   "The write buffer's marks, high and low, if they are not the default")
      ->expected(2)
      ->check(CLI::NonNegativeNumber);
  verb->add_flag("--partial", options->partial, "The trace goes on: connections need no connection_lost yet");
  verb->add_option("--data", options->data, "Folder of scenarios/, differences.json and adapters/");
  verb->callback([options, &chosen] { chosen = [options] { return check_file(*options); }; });
}

}  // namespace antiphon::cli
