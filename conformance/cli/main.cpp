// antiphon: the program. One file a verb.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "verbs.hpp"

namespace {

int run(int argc, char** argv) {
  using antiphon::cli::Exit;
  CLI::App app("Antiphon: two models of asynchronous servers, side by side", "antiphon");
  app.set_version_flag("--version", "antiphon " ANTIPHON_VERSION);
  app.require_subcommand(1);
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    std::string line = error.what();
    for (char& c : line)
      if (c == '\n') c = ' ';
    return "antiphon: " + line + " (see --help)\n";
  });
  antiphon::cli::Action action;
  antiphon::cli::add_bench_verb(app, action);
  antiphon::cli::add_check_verb(app, action);
  antiphon::cli::add_conform_verb(app, action);
  antiphon::cli::add_http_conform_verb(app, action);
  antiphon::cli::add_http_diff_verb(app, action);
  antiphon::cli::add_replay_verb(app, action);
  antiphon::cli::add_report_verb(app, action);
  antiphon::cli::add_serve_verb(app, action);
  antiphon::cli::add_trace_verb(app, action);
  antiphon::cli::add_walk_verb(app, action);
  if (const std::string_view first = argc > 1 ? argv[1] : ""; !first.empty() && first.front() != '-') {
    const auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
    if (std::none_of(verbs.begin(), verbs.end(),
                     [&](const CLI::App* verb) { return verb->get_name() == first; })) {
      std::cerr << "antiphon: unknown verb '" << first << "' (see --help)\n";
      return static_cast<int>(Exit::usage);
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? static_cast<int>(Exit::success) : static_cast<int>(Exit::usage);
  }
  return static_cast<int>(action());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "antiphon: " << error.what() << '\n';
    return static_cast<int>(antiphon::cli::Exit::failure);
  }
}
