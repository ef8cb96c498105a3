// antiphon bench: hands over to the rig, which starts this and other programs.

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

/// Does not return if the rig starts; its exit status is then the program's.
Exit bench(const std::vector<std::string>& words) {
  const std::filesystem::path data = conformance::default_data_folder() / "bench";
  if (!std::filesystem::exists(data / "rig/main.py")) {
    std::cerr << "antiphon: no benchmarks beside the program: " << data.string()
              << " (build the room `bench`, or install it)\n";
    return Exit::harness_error;
  }
  std::vector<std::string> command{ANTIPHON_PYTHON, data / "rig/main.py",
                                   "--program",     std::filesystem::read_symlink("/proc/self/exe"),
                                   "--data",        data};
  command.insert(command.end(), words.begin(), words.end());
  become(std::move(command));
  return Exit::harness_error;
}

}  // namespace

void add_bench_verb(CLI::App& app, Action& chosen) {
  struct Options {
    bool quick = false;
    bool full = false;
    bool no_micro = false;
    std::string filter;
    std::string out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "bench", "Measure both models, their bare libraries and what people use instead, in interleaved pairs");
  CLI::Option* quick = verb->add_flag("--quick", options->quick, "Fewer pairs and peers: under 4 minutes");
  verb->add_flag("--full", options->full, "At least 9 pairs of everything: under half an hour")
      ->excludes(quick);
  verb->add_option("--filter", options->filter,
                   "Only rows whose id (work/subject/metric) matches, as 'keep_alive/*'");
  verb->add_option("--out", options->out, "Write the JSON there");
  verb->add_flag("--no-micro", options->no_micro, "Leave the parts (Google Benchmark) out");
  verb->callback([options, &chosen] {
    chosen = [options] {
      std::vector<std::string> words;
      if (options->quick) words.emplace_back("--quick");
      if (options->full) words.emplace_back("--full");
      if (options->no_micro) words.emplace_back("--no-micro");
      if (!options->filter.empty()) words.emplace_back("--filter=" + options->filter);
      if (!options->out.empty()) words.emplace_back("--out=" + options->out);
      return bench(words);
    };
  });
}

}  // namespace antiphon::cli
