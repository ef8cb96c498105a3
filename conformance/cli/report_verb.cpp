// antiphon report: the page, or its summary, from the JSON files of a run. The work is done by reports/, in
// Python.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "become.hpp"
#include "data.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

struct Options {
  std::vector<std::string> conformance;
  std::string benchmark;
  std::string mutants;
  std::vector<std::string> walks;
  std::string sources;
  std::string out;
  bool text = false;
  bool markdown = false;
};

std::vector<std::string> command_line(const Options& options) {
  std::vector<std::string> words{ANTIPHON_PYTHON, "-B",
                                 conformance::default_data_folder() / "reports" / "make_report.py"};
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {flag, value});
  };
  for (const std::string& found : options.conformance) add("--conformance", found);
  add("--benchmark", options.benchmark);
  add("--mutants", options.mutants);
  for (const std::string& walk : options.walks) add("--walk", walk);
  add("--sources", options.sources);
  add("--out", options.out);
  if (options.text) words.emplace_back("--text");
  if (options.markdown) words.emplace_back("--markdown");
  return words;
}

/// Becomes the Python program, whose statuses are this one's: 0, 1 for a file that is unusable, 2 for flags.
Exit report(const Options& options) {
  std::vector<std::string> words = command_line(options);
  if (!std::filesystem::exists(words[2])) {
    std::cerr << "antiphon: the report's program is missing: " << words[2] << '\n';
    return Exit::failure;
  }
  become(std::move(words));
  return Exit::failure;
}

}  // namespace

void add_report_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "report",
      "Make one HTML page, or its summary, from the JSON files of a run. Status 1: a file cannot be used");
  verb->add_option("--conformance", options->conformance,
                   "Made by `antiphon conform --json`; again for a run over TLS or Unix sockets")
      ->required();
  verb->add_option("--benchmark", options->benchmark, "Made by `antiphon bench --out`");
  verb->add_option("--mutants", options->mutants, "Made by `antiphon conform --mutants --json`");
  verb->add_option("--walk", options->walks, "Made by `antiphon walk --json`; once for each style");
  verb->add_option("--sources", options->sources,
                   "The repository, for the examples side by side; its own by default");
  auto* out = verb->add_option("--out", options->out, "The page to write");
  auto* text = verb->add_flag("--text", options->text, "Print the summary for a terminal");
  auto* markdown =
      verb->add_flag("--markdown", options->markdown, "Print it as Markdown, for a pull request");
  text->excludes(markdown);
  verb->callback([options, out, text, markdown, &chosen] {
    if (out->count() + text->count() + markdown->count() == 0)
      throw CLI::RequiredError("one of --out, --text, --markdown");
    chosen = [options] { return report(*options); };
  });
}

}  // namespace antiphon::cli
