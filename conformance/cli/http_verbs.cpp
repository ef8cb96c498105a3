// antiphon http-conform and http-diff: the HTTP/1.1 suite on anybody's server, and two servers compared.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http_case.hpp"
#include "http_diff.hpp"
#include "http_run.hpp"
#include "http_servers.hpp"
#include "interrupts.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

using namespace http_conformance;

/// Beside the program, as after an installation.
std::filesystem::path data_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/antiphon/http";
}

struct ConformOptions {
  std::vector<std::string> targets{"asio", "cl-async"};
  std::string only;
  bool list = false;
  bool quiet = false;
};

struct Score {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t not_asked = 0;  // the server has not what the case needs
};

/// All cases on one server; by section of the suite.
std::map<std::string, Score> run_target(const std::string& name, const std::vector<HttpCase>& cases,
                                        const ConformOptions& options) {
  ServersUnderTest servers(name, data_folder() / "peers");
  std::map<std::string, Score> scores;
  for (const HttpCase& one : cases) {
    Score& score = scores[one.section];
    if (!servers.can_be_asked(one)) {
      ++score.not_asked;
      continue;
    }
    const std::string why = run_case(one, servers.address(one));
    ++(why.empty() ? score.passed : score.failed);
    if (!why.empty() && !options.quiet)
      std::cout << name << ": " << one.name << " (RFC " << one.rfc << "): " << why.substr(0, why.find('\n'))
                << '\n';
  }
  return scores;
}

void print_matrix(const std::vector<HttpCase>& cases, const std::vector<std::string>& targets,
                  const std::map<std::string, std::map<std::string, Score>>& all) {
  constexpr int name_width = 32;
  constexpr int width = 18;
  std::vector<std::string> sections;
  for (const HttpCase& one : cases)
    if (sections.empty() || sections.back() != one.section) sections.push_back(one.section);
  std::cout << std::left << std::setw(name_width) << "section" << std::right;
  for (const std::string& target : targets) std::cout << std::setw(width) << target;
  std::cout << '\n';
  std::map<std::string, Score> sums;
  const auto cell = [](const Score& score) {
    const std::size_t asked = score.passed + score.failed;
    return asked == 0 ? std::string("-") : std::to_string(score.passed) + " of " + std::to_string(asked);
  };
  for (const std::string& section : sections) {
    std::cout << std::left << std::setw(name_width) << section << std::right;
    for (const std::string& target : targets) {
      const Score& score = all.at(target).at(section);
      sums[target].passed += score.passed;
      sums[target].failed += score.failed;
      std::cout << std::setw(width) << cell(score);
    }
    std::cout << '\n';
  }
  std::cout << std::left << std::setw(name_width) << "together" << std::right;
  for (const std::string& target : targets) std::cout << std::setw(width) << cell(sums[target]);
  std::cout << '\n';
}

/// Runs a verb; what it throws is told, and its status.
template <class Verb>
Exit told(const Verb& verb) {
  try {
    return verb();
  } catch (const std::invalid_argument& error) {
    std::cerr << "antiphon: " << error.what() << '\n';
    return Exit::usage;
  } catch (const std::exception& error) {
    std::cerr << "antiphon: " << error.what() << '\n';
    return Exit::harness_error;
  }
}

Exit conform(const ConformOptions& options) {
  std::vector<HttpCase> cases = load_cases(data_folder() / "cases");
  std::erase_if(cases, [&](const HttpCase& one) { return one.name.find(options.only) == std::string::npos; });
  if (cases.empty()) {
    std::cerr << "antiphon: no case has '" << options.only << "' in its name\n";
    return Exit::usage;
  }
  if (options.list) {
    for (const HttpCase& one : cases) std::cout << to_text(one) << '\n';
    return Exit::success;
  }
  const CleanInterrupts clean;
  std::map<std::string, std::map<std::string, Score>> all;
  bool failed = false;
  for (const std::string& target : options.targets) {
    all[target] = run_target(target, cases, options);
    for (const auto& [section, score] : all[target]) failed = failed || score.failed > 0;
  }
  print_matrix(cases, options.targets, all);
  return failed ? Exit::failure : Exit::success;
}

struct DiffOptions {
  std::uint64_t streams = 3'000;
  std::uint64_t seed = 1;
  std::vector<std::string> targets{"asio", "cl-async"};
};

Exit diff(const DiffOptions& options) {
  const CleanInterrupts clean;
  const auto first = start_server(options.targets[0], Limits::usual, data_folder() / "peers");
  const auto second = start_server(options.targets[1], Limits::usual, data_folder() / "peers");
  const auto difference = compare_servers(first->address(), second->address(), options.streams, options.seed,
                                          [](std::uint64_t done) { std::cerr << done << " streams\n"; });
  if (!difference) {
    std::cout << options.streams << " streams, no difference\n";
    return Exit::success;
  }
  std::cout << "stream " << difference->stream << " of seed " << options.seed
            << " is answered differently by " << options.targets[0] << " and " << options.targets[1]
            << "; as a case:\n\n"
            << to_case(*difference);
  return Exit::failure;
}

}  // namespace

void add_http_conform_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ConformOptions>();
  CLI::App* verb = app.add_subcommand("http-conform", "Run the HTTP/1.1 suite on one or more servers");
  verb->add_option("--target", options->targets,
                   "asio, cl-async, each with -tls behind for HTTPS, node, nginx, HOST:PORT or "
                   "https://HOST:PORT; may be "
                   "repeated")
      ->capture_default_str();
  verb->add_option("--only", options->only, "Only the cases with this in their name");
  verb->add_flag("--list", options->list, "Print the cases instead of running them");
  verb->add_flag("--quiet", options->quiet, "Only the table, not why a case failed");
  verb->footer(
      "Ends with 0 if every case passed on every target, 1 if one did not, 3 if a server cannot be run.");
  verb->callback(
      [options, &chosen] { chosen = [options] { return told([&] { return conform(*options); }); }; });
}

void add_http_diff_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* verb =
      app.add_subcommand("http-diff", "Send the same random octets to two servers and compare their answers");
  verb->add_option("--streams", options->streams, "How many")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_option("--seed", options->seed, "Which ones")->capture_default_str();
  verb->add_option("--target", options->targets, "The two servers, as for http-conform")
      ->expected(2)
      ->capture_default_str();
  verb->footer("Ends with 0 if there is no difference; else prints a shrunk one as a case, and ends with 1.");
  verb->callback([options, &chosen] { chosen = [options] { return told([&] { return diff(*options); }); }; });
}

}  // namespace antiphon::cli
