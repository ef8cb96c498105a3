// antiphon replay: recorded traces of the real systems, played again on ours.

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "asyncio/judge.hpp"
#include "cl_async/src/replay.hpp"
#include "interrupts.hpp"
#include "outcome.hpp"
#include "run.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

namespace fs = std::filesystem;
using replay::Outcome;
using replay::Verdict;

struct Options {
  std::string style;
  std::vector<std::string> places;
  std::string traces;
  std::string differences;
  bool show = false;
};

/// One recorded run: its name, and what replays and judges it.
struct Case {
  std::string name;
  std::function<Outcome()> play;
};

// ---- asyncio, on asio_style

/// Beside a folder `scenarios` lies its `traces`; else the traces lie beside the scenarios.
fs::path traces_for(const fs::path& scenario) {
  const fs::path folder = fs::absolute(scenario).parent_path();
  const fs::path beside = folder.parent_path() / "traces";
  return fs::is_directory(beside) ? beside : folder;
}

std::vector<Case> asyncio_cases(const Options& options) {
  const fs::path own = conformance::default_data_folder() / "replay" / "asyncio";
  const fs::path table =
      options.differences.empty() ? own / "differences.json" : fs::path(options.differences);
  const auto differences = asyncio_replay::load_differences(table);
  std::vector<fs::path> places(options.places.begin(), options.places.end());
  if (places.empty()) places.push_back(own / "scenarios");
  std::vector<Case> cases;
  for (const fs::path& place : places) {
    const bool nested = fs::is_directory(place / "scenarios");
    for (const fs::path& file : asyncio_replay::scenario_files(nested ? place / "scenarios" : place)) {
      const fs::path traces = options.traces.empty() ? traces_for(file) : fs::path(options.traces);
      cases.push_back({file.stem().string(), [file, traces, differences, show = options.show] {
                         asyncio_replay::Trace ours;
                         const Outcome outcome = asyncio_replay::judge(file, traces, differences, &ours);
                         if (show) {
                           for (const auto& event : ours.events)
                             std::printf("    %s\n", event.dump().c_str());
                           for (const auto& step : ours.peer_events)
                             std::printf("    peer %s\n", step.dump().c_str());
                         }
                         return outcome;
                       }});
    }
  }
  return cases;
}

// ---- cl-async, on cl_async_style

Outcome judged(const conformance::cl_async::Judgement& judgement) {
  switch (judgement.verdict) {
    case conformance::cl_async::Verdict::equal:
      return {Verdict::equal, {}};
    case conformance::cl_async::Verdict::as_declared:
      return {Verdict::differs, judgement.report};
    case conformance::cl_async::Verdict::stale:
      return {Verdict::stale, judgement.report};
    case conformance::cl_async::Verdict::differs:
      break;
  }
  return {Verdict::different, judgement.report};
}

Outcome replay_cl_async(const fs::path& file,
                        const std::map<std::string, conformance::cl_async::Difference>& differences,
                        bool show) {
  try {
    const auto trace = conformance::cl_async::load_trace(file);
    const auto found = differences.find(trace.scenario);
    const auto judgement =
        conformance::cl_async::judge(trace, found == differences.end() ? nullptr : &found->second);
    if (show) {
      for (const auto& event : judgement.ours.events) std::printf("    %s\n", event.dump().c_str());
      for (const auto& step : judgement.ours.peer) std::printf("    peer %s\n", step.dump().c_str());
    }
    return judged(judgement);
  } catch (const std::exception& error) {
    return {Verdict::harness_error, error.what()};
  }
}

/// A trace carries its scripts: `--traces` has nothing to add.
std::vector<Case> cl_async_cases(const Options& options) {
  const fs::path own = conformance::default_data_folder() / "replay" / "cl_async";
  const auto differences = conformance::cl_async::load_differences(
      options.differences.empty() ? own / "differences.json" : fs::path(options.differences));
  std::vector<fs::path> places(options.places.begin(), options.places.end());
  if (places.empty()) places.push_back(own / "traces");
  std::vector<Case> cases;
  for (const fs::path& place : places)
    for (const fs::path& file : conformance::cl_async::find_traces(place)) {
      const std::string name = file.filename().string();
      cases.push_back({name.substr(0, name.find('.')), [file, differences, show = options.show] {
                         return replay_cl_async(file, differences, show);
                       }});
    }
  return cases;
}

/// The models that have recorded traces; another one is another line.
const std::map<std::string, std::vector<Case> (*)(const Options&)>& styles() {
  static const std::map<std::string, std::vector<Case> (*)(const Options&)> table{
      {"asio", asyncio_cases}, {"cl-async", cl_async_cases}};
  return table;
}

// ---- each in a process of its own, so that signals, limits and crashes stay there

constexpr unsigned limit_seconds = 120;  // only against a hang

void send(int pipe, const Outcome& outcome) {
  const std::string text = std::to_string(static_cast<int>(outcome.verdict)) + outcome.message;
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t written = ::write(pipe, text.data() + sent, text.size() - sent);
    if (written <= 0) return;
    sent += static_cast<std::size_t>(written);
  }
}

/// All that the child says. An interrupt ends it.
std::string receive_all(int pipe, const HeldInterrupts& interrupts, pid_t child) {
  std::string text;
  char buffer[4096];
  pollfd asked[2]{{pipe, POLLIN, 0}, {interrupts.fd(), POLLIN, 0}};
  while (true) {
    if (::poll(asked, 2, -1) < 0) continue;
    if (asked[1].revents != 0) {
      ::kill(child, SIGKILL);
      return {};
    }
    const ssize_t got = ::read(pipe, buffer, sizeof buffer);
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

Outcome play_apart(const Case& each) {
  int pipe[2];
  if (::pipe(pipe) < 0) return {Verdict::harness_error, "no pipe"};
  const HeldInterrupts interrupts;             // until the folder is gone
  const test_support::TemporaryFolder folder;  // not the child's, which may end without a word
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) return {Verdict::harness_error, "no process"};
  if (child == 0) {
    ::close(pipe[0]);
    interrupts.let_go();
    ::alarm(limit_seconds);
    ::setenv("TMPDIR", folder.path().c_str(), 1);
    send(pipe[1], each.play());
    std::fflush(stdout);
    ::_exit(0);
  }
  ::close(pipe[1]);
  const std::string text = receive_all(pipe[0], interrupts, child);
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (text.empty()) {
    const bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    return {Verdict::harness_error, late ? "took longer than " + std::to_string(limit_seconds) + " s"
                                         : "its process ended with status " + std::to_string(status)};
  }
  return {static_cast<Verdict>(text.front() - '0'), text.substr(1)};
}

Exit play_all(const Options& options) {
  const auto cases = styles().at(options.style)(options);
  std::map<Verdict, std::size_t> counts;
  for (const Case& each : cases) {
    const Outcome outcome = play_apart(each);
    ++counts[outcome.verdict];
    std::printf("%-20s %s\n", name_of(outcome.verdict), each.name.c_str());
    if (!outcome.message.empty()) std::printf("    %s\n", outcome.message.c_str());
  }
  std::printf("%zu replayed", cases.size());
  for (const auto& [verdict, count] : counts) std::printf(", %zu %s", count, name_of(verdict));
  std::printf("\n");
  if (cases.empty() || counts[Verdict::harness_error] > 0) return Exit::harness_error;
  return counts[Verdict::different] + counts[Verdict::stale] > 0 ? Exit::failure : Exit::success;
}

}  // namespace

void add_replay_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("replay", "Replay traces recorded from the real systems, and compare");
  std::vector<std::string> names;
  for (const auto& [name, cases] : styles()) names.push_back(name);
  verb->add_option("--style", options->style, "The model whose traces are replayed")
      ->required()
      ->check(CLI::IsMember(names));
  verb->add_option("place", options->places,
                   "Scenario files or folders of them; the program's own if there is none")
      ->check(CLI::ExistingPath);
  verb->add_option("--traces", options->traces,
                   "The folder of the recorded traces, if not beside the scenarios")
      ->check(CLI::ExistingDirectory);
  verb->add_option("--differences", options->differences, "Another table of declared differences")
      ->check(CLI::ExistingFile);
  verb->add_flag("--show", options->show, "Print our trace of each");
  verb->footer(
      "Exit status: 0 all equal or different as declared, 1 a difference, 3 a scenario could not be "
      "replayed.");
  verb->callback([options, &chosen] { chosen = [options] { return play_all(*options); }; });
}

}  // namespace antiphon::cli
