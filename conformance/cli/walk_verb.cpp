// antiphon walk: the functions that one GET passes through, recorded by a build of its own, antiphon-walk.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "become.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

struct Options {
  std::string style;
  std::string json;
};

/// Becomes that program, which lies beside this one.
Exit walk(const Options& options) {
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string program = folder / "antiphon-walk";
  if (!std::filesystem::exists(program)) {
    std::cerr << "antiphon: " << program << " is not built: cmake --build " << folder.parent_path().string()
              << " --target antiphon-walk\n";
    return Exit::harness_error;
  }
  std::vector<std::string> command{program, options.style};
  if (!options.json.empty()) command.push_back(options.json);
  become(std::move(command));
  return Exit::harness_error;
}

}  // namespace

void add_walk_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "walk", "Serve one GET and tell every function it passes through, in order, from accept to close");
  verb->add_option("--style", options->style, "The model: asio or cl-async")
      ->required()
      ->check(CLI::IsMember({"asio", "cl-async"}));
  verb->add_option("--json", options->json, "Write the record to this file; otherwise it is printed");
  verb->callback([options, &chosen] { chosen = [options] { return walk(*options); }; });
}

}  // namespace antiphon::cli
