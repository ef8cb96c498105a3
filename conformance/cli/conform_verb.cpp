// antiphon conform: the kit's scenarios on one or all targets.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "conform_output.hpp"
#include "explore.hpp"
#include "interrupts.hpp"
#include "mutants.hpp"
#include "rules.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

using namespace conformance;

struct Options {
  std::vector<std::string> targets{"all"};
  std::string scenarios = "*";
  std::string rules = "*";
  std::string json;
  std::string junit;
  std::string tap;
  std::string markdown;
  std::string badge;
  std::string baseline;
  std::string known;
  std::string data;
  std::string document;
  std::string mutants;
  std::string scenario_file;
  std::string keep;
  int random = 0;
  int small = 0;
  int repeat = 1;
  std::uint64_t seed = 0;
  bool list = false;
  bool stop_on_failure = false;
  [[nodiscard]] bool everything() const { return scenarios == "*" && rules == "*" && scenario_file.empty(); }
};

Data load(const Options& options) {
  Data data = load_data(options.data.empty() ? default_data_folder() : std::filesystem::path(options.data));
  if (!options.known.empty()) {
    data.differences = load_differences(options.known);
    check_differences(data);
  }
  if (!options.scenario_file.empty()) {
    data.scenarios = load_scenario_file(options.scenario_file);
    if (data.scenarios.empty()) throw std::invalid_argument(options.scenario_file + ": no scenario in it");
  }
  return data;
}

std::vector<Scenario> choose(const Data& data, const Options& options) {
  std::vector<Scenario> chosen;
  for (const Scenario& scenario : data.scenarios)
    if (fits(options.scenarios, scenario.name) &&
        std::any_of(scenario.rules.begin(), scenario.rules.end(),
                    [&](const auto& rule) { return fits(options.rules, rule); }))
      chosen.push_back(scenario);
  // Those first that are about such a rule, not only touch it.
  std::stable_partition(chosen.begin(), chosen.end(),
                        [&](const Scenario& each) { return fits(options.rules, each.rules.front()); });
  return chosen;
}

/// The random tier is one result, so that reports stay readable: the first script that fails, made small.
Result random_result(TargetRunner& runner, const Options& options) {
  const RandomRun run = run_random(runner, options.random, options.seed);
  Result result;
  if (run.result) {
    result = *run.result;
    result.message +=
        " (script " + std::to_string(run.tried) + " of seed " + std::to_string(run.seed) + ", made small)";
  } else {
    result.verdict = Verdict::pass;
    result.message = std::to_string(run.tried) + " random scripts, seed " + std::to_string(run.seed);
  }
  result.target = runner.name();
  result.scenario = "random";
  return result;
}

/// The small tier, too: the first script that fails.
Result small_result(TargetRunner& runner, const Options& options) {
  std::size_t tried = 0;
  std::size_t not_offered = 0;
  Result result;
  for (const Scenario& scenario : small_scenarios(options.small)) {
    if (!plays(scenario, runner.transport())) continue;
    result = runner.run(scenario);
    ++(result.verdict == Verdict::not_offered ? not_offered : tried);
    if (is_good(result.verdict)) continue;
    result.message += " (script " + std::to_string(tried + not_offered) + ", '" + scenario.name + "')";
    result.smallest = scenario;
    break;
  }
  if (is_good(result.verdict)) {
    result = Result{};
    result.verdict = tried > 0 ? Verdict::pass : Verdict::not_offered;
    result.message = std::to_string(tried) + " scripts of at most " + std::to_string(options.small) +
                     " peer steps; " + std::to_string(not_offered) + " more are not offered";
  }
  result.target = runner.name();
  result.scenario = "small";
  return result;
}

Hello hello_of(TargetRunner& runner) {
  try {
    Hello hello = runner.hello();
    hello.name = runner.name();
    return hello;
  } catch (const std::exception&) {
    return {runner.name(), "?", "?", {}};
  }
}

/// Whether every rule that a chosen scenario tries came to a judgement, or the run was stopped by a failure.
bool run_target(const std::string& name, const Data& data, const Options& options, Report& report) {
  // A mutant lives in this process: what it has not done soon it never does.
  TargetRunner runner(name, data, name.starts_with("reference:") ? mutant_limit : hang_limit);
  std::vector<const Scenario*> playable;
  for (const Scenario& scenario : report.scenarios)
    if (scenario.over(runner.transport())) playable.push_back(&scenario);
  const std::size_t first = report.results.size();
  Progress progress(name, playable.size() + (options.random > 0 ? 1 : 0) + (options.small > 0 ? 1 : 0));
  const auto add = [&](Result result) {
    progress.add(result.verdict, result.scenario);
    report.results.push_back(std::move(result));
  };
  const auto stopped = [&] {
    return options.stop_on_failure && report.results.size() > first &&
           !is_good(report.results.back().verdict);
  };
  for (const Scenario* scenario : playable)
    if (!stopped()) add(runner.run(*scenario, options.repeat));
  if (options.random > 0 && !stopped()) add(random_result(runner, options));
  if (options.small > 0 && !stopped()) add(small_result(runner, options));
  report.targets.push_back(hello_of(runner));
  if (options.everything() && !stopped()) find_stale(report, name, data.differences);
  const RuleCount rules = count_rules(report, name);
  progress.end(stopped() ? "stopped at the first failure" : describe(rules));
  for (std::size_t i = first; i < report.results.size(); ++i)
    if (!is_good(report.results[i].verdict) || report.results[i].verdict == Verdict::warn)
      std::cout << explain(report.results[i]);
  return stopped() || rules.silent.empty();
}

/// What the random and the small tier found to fail, as a scenario file.
Json kept(const Report& report) {
  Json scenarios = Json::array();
  std::set<std::string> names;
  for (const Result& each : report.results) {
    if (!each.smallest) continue;
    Scenario scenario = *each.smallest;
    for (int i = 2; !names.insert(scenario.name).second; ++i)
      scenario.name = each.smallest->name + "_" + std::to_string(i);
    scenarios.push_back(to_json(scenario));
  }
  return scenarios;
}

void write_all(const Options& options, Report report) {
  if (options.random > 0) {
    Scenario random;
    random.name = "random";
    random.about =
        std::to_string(options.random) + " scripts drawn at random, seed " + std::to_string(options.seed);
    report.scenarios.push_back(random);
  }
  if (options.small > 0) {
    Scenario small;
    small.name = "small";
    small.about = "every script of at most " + std::to_string(options.small) + " peer steps and one reaction";
    report.scenarios.push_back(small);
  }
  if (!options.json.empty()) write_file(options.json, results_to_json(report).dump(1) + "\n");
  if (!options.junit.empty()) write_file(options.junit, to_junit(report));
  if (!options.tap.empty()) write_file(options.tap, to_tap(report));
  if (!options.markdown.empty()) write_file(options.markdown, to_markdown(report));
  if (!options.badge.empty()) write_file(options.badge, to_badge(report).dump() + "\n");
  if (!options.keep.empty()) write_file(options.keep, kept(report).dump(1) + "\n");
}

Exit usage(const std::string& message) {
  std::cerr << "antiphon: " << message << '\n';
  return Exit::usage;
}

/// Before the long run, not behind it. Throws std::invalid_argument.
void check_outputs(const Options& options) {
  for (const std::string& file :
       {options.json, options.junit, options.tap, options.markdown, options.badge, options.keep})
    if (!file.empty()) check_writable(file);
}

bool none_fits(const std::string& mutants) {
  const auto names = mutant_names();
  return std::none_of(names.begin(), names.end(), [&](const auto& name) { return fits(mutants, name); });
}

bool plays_none(const std::vector<Scenario>& scenarios, const std::string& target, const Options& options) {
  const std::string transport = parse_target(target).transport;
  return options.random == 0 && options.small == 0 &&
         std::none_of(scenarios.begin(), scenarios.end(),
                      [&](const Scenario& each) { return each.over(transport); });
}

Exit conform(Options options) {
  const Data data = load(options);
  if (!options.document.empty()) {
    write_documents(data, options.document);
    return Exit::success;
  }
  check_outputs(options);
  const CleanInterrupts clean;
  if (!options.mutants.empty()) {
    if (none_fits(options.mutants)) return usage("no mutant fits '" + options.mutants + "'");
    return show_mutants(data, options.mutants, options.json) ? Exit::success : Exit::failure;
  }
  Report report;
  report.scenarios = choose(data, options);
  if (report.scenarios.empty())
    return usage("no scenario fits --scenario '" + options.scenarios + "' --rule '" + options.rules + "'");
  if (options.list) {
    list(data, options.rules, options.scenarios);
    return Exit::success;
  }
  for (const std::string& name : options.targets)
    if (name != "all" && plays_none(report.scenarios, name, options))
      return usage("no scenario that fits is for " + parse_target(name).transport +
                   ", so there is nothing to ask " + name);
  if (!options.baseline.empty())
    static_cast<void>(regressions(report, options.baseline));  // before the long run
  if (options.random > 0 && options.seed == 0) options.seed = std::random_device{}();

  bool all_judged = true;
  for (const std::string& name : options.targets)
    for (const std::string& each : name == "all" ? known_targets() : std::vector<std::string>{name})
      all_judged = run_target(each, data, options, report) && all_judged;
  std::cout << differences_shown(report) << (report.targets.size() > 1 ? in_all(report) : "");
  write_all(options, report);

  const auto any = [&](auto... verdicts) {
    return std::any_of(report.results.begin(), report.results.end(),
                       [&](const Result& r) { return ((r.verdict == verdicts) || ...); });
  };
  if (!options.baseline.empty()) {
    const auto worse = regressions(report, options.baseline);
    for (const Regression& each : worse) std::cout << "regression: " << each.text << '\n';
    std::cout << worse.size() << " regressions since " << options.baseline << '\n';
    const bool harness = std::any_of(worse.begin(), worse.end(), [](const Regression& each) {
      return each.verdict == Verdict::harness_error;
    });
    return harness ? Exit::harness_error : worse.empty() ? Exit::success : Exit::failure;
  }
  if (any(Verdict::harness_error) || !all_judged) return Exit::harness_error;
  return any(Verdict::fail, Verdict::stale, Verdict::flaky) ? Exit::failure : Exit::success;
}

}  // namespace

void add_conform_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("conform",
                         "Prove the order of callbacks, flow control and shutdown. Status 0: all rules are "
                         "kept, 1: one is broken, 2: "
                         "the command line or a file has an error, 3: the kit or an adapter failed");
  verb->add_option(
          "--target", options->targets,
          "asio_style, cl_async_style, reference, asyncio, uvloop, node, twisted, libuv; each with -unix or "
          "-tls behind; reference:MUTANT, by name or number; exec:\"COMMAND\", exec-unix:..., exec-tls:...; "
          "all")
      ->capture_default_str()
      ->check([](const std::string& name) {
        return name == "all" || is_target(name) ? std::string() : "unknown target '" + name + "'";
      });
  verb->add_option("--scenario", options->scenarios, "Only those whose name fits the pattern")
      ->capture_default_str();
  verb->add_option("--scenario-file", options->scenario_file,
                   "The scenarios of this file, as --keep writes it, instead of the kit's own");
  verb->add_option("--keep", options->keep,
                   "Write the smallest scripts that --random and --small found to fail to this file");
  verb->add_option("--rule", options->rules, "Only those that prove a rule whose number fits")
      ->capture_default_str();
  verb->add_option("--random", options->random, "So many random scripts, too, judged by the model")
      ->check(CLI::Range(0, 10'000'000));
  verb->add_option("--seed", options->seed, "Of the random scripts; 0: another one each time")
      ->capture_default_str();
  verb->add_option("--small", options->small, "Every script of at most so many peer steps, too")
      ->check(CLI::Range(0, 6));
  verb->add_option("--repeat", options->repeat, "Each scenario so many times; other verdicts make it flaky")
      ->check(CLI::Range(1, 100'000));
  verb->add_flag("--stop-on-failure", options->stop_on_failure,
                 "End a target's run at the first scenario that fails");
  verb->add_option("--json", options->json, "Write the results to this file");
  verb->add_option("--junit", options->junit, "Write JUnit's XML to this file");
  verb->add_option("--tap", options->tap, "Write the Test Anything Protocol to this file");
  verb->add_option("--markdown", options->markdown, "Write a summary to this file");
  verb->add_option("--badge", options->badge, "Write a badge's JSON to this file");
  verb->add_option("--baseline", options->baseline,
                   "Results of an earlier run: fail only where it is worse now");
  verb->add_option("--known", options->known, "Declared differences, instead of the kit's own");
  verb->add_option("--data", options->data, "Folder of scenarios/, differences.json and adapters/");
  verb->add_option("--mutants", options->mutants,
                   "Instead: misbehave in every named way (or those that fit) and show which rule notices")
      ->expected(0, 1)
      ->default_str("*");
  verb->add_option("--document", options->document,
                   "Instead: write rules.md, break_it.md and automaton.dot, .svg to this folder");
  verb->add_flag("--list", options->list, "Instead: list rules, scenarios and declared differences");
  verb->callback([options, verb, &chosen] {
    if (verb->count("--mutants") > 0 && options->mutants.empty()) options->mutants = "*";
    chosen = [options]() -> Exit {
      try {
        return conform(*options);
      } catch (const std::invalid_argument& error) {  // a file of scenarios, differences or results
        return usage(error.what());
      }
    };
  });
}

}  // namespace antiphon::cli
