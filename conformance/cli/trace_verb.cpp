// antiphon trace: plays one scenario and prints it as a sequence diagram.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "run.hpp"
#include "verbs.hpp"

namespace antiphon::cli {

namespace {

using namespace conformance;

struct Options {
  std::string scenario;
  std::vector<std::string> styles;
  std::vector<std::string> targets;
};

constexpr std::size_t lane = 30;
constexpr std::string_view to_server = "------->  |";
constexpr std::string_view to_peer = "<-------  |";
constexpr std::string_view nothing = "          |";

/// How many letters one has to change, add or leave out.
std::size_t distance(const std::string& one, const std::string& other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= one.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t k = 1; k <= other.size(); ++k) {
      const std::size_t same = diagonal + (one[i - 1] == other[k - 1] ? 0 : 1);
      diagonal = std::exchange(row[k], std::min({row[k] + 1, row[k - 1] + 1, same}));
    }
  }
  return row.back();
}

std::string listing(const std::vector<const Scenario*>& some) {
  std::string text;
  for (const Scenario* each : some) text += (text.empty() ? "" : ", ") + each->name;
  return text;
}

/// By its name, or by a part of it that no other has. Throws std::invalid_argument with names that are near.
const Scenario& find_scenario(const std::vector<Scenario>& all, const std::string& wanted) {
  constexpr std::size_t most = 8;
  std::vector<const Scenario*> with_part;
  for (const Scenario& each : all) {
    if (each.name == wanted) return each;
    if (each.name.find(wanted) != std::string::npos) with_part.push_back(&each);
  }
  if (with_part.size() == 1) return *with_part.front();
  if (!with_part.empty()) {
    const std::size_t count = with_part.size();
    with_part.resize(std::min(count, most));
    throw std::invalid_argument(std::to_string(count) + " scenarios have '" + wanted +
                                "' in their name: " + listing(with_part) + (count > most ? ", ..." : ""));
  }
  std::vector<const Scenario*> near;
  near.reserve(all.size());
  for (const Scenario& each : all) near.push_back(&each);
  const std::size_t few = std::min<std::size_t>(3, near.size());
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(few), near.end(),
                    [&](const Scenario* one, const Scenario* other) {
                      return distance(one->name, wanted) < distance(other->name, wanted);
                    });
  near.resize(few);
  throw std::invalid_argument("no scenario '" + wanted + "'; near it: " + listing(near) +
                              " (antiphon conform --list shows all)");
}

std::string value_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// What the style calls an event.
std::string_view name_in(const std::string& style, const std::string& kind) {
  struct Names {
    std::string_view kind, protocol, callback;
  };
  static constexpr std::array names{
      Names{"CM", "connection_made", "connect_cb"},
      Names{"DR", "data_received", "read_cb"},
      Names{"ER", "eof_received", "event_cb (eof)"},
      Names{"PW", "pause_writing", "pause_write_cb"},
      Names{"RW", "resume_writing", "resume_write_cb"},
      Names{"CL", "connection_lost", "close_cb"},
      Names{"EV", "event", "event_cb"},
      Names{"EX", "exception handler", "nobody handled it"},
      Names{"RT", "returned", "returned"},
      Names{"note", "note", "note"},
  };
  const auto* found =
      std::find_if(names.begin(), names.end(), [&](const Names& each) { return each.kind == kind; });
  if (found == names.end()) return "";
  return style == "callback" ? found->callback : found->protocol;
}

std::string event_line(const Event& event, const std::string& style, bool several) {
  std::string text = "  " + event.kind + std::string(event.kind.size() < 4 ? 4 - event.kind.size() : 1, ' ') +
                     std::string(name_in(style, event.kind));
  if (several && event.connection >= 0) text += " #" + std::to_string(event.connection);
  for (const auto& [name, value] : event.fields.items())
    if (name != "sum" && name != "listener" && !value_of(value).empty())
      text += "  " + (name == "bytes" ? value_of(value) + " octets" : name + " " + value_of(value));
  return text;
}

std::string step_line(const Json& done) {
  std::string text;
  for (const Json& word : done.at("step")) text += (text.empty() ? "" : " ") + value_of(word);
  if (done.contains("read")) text += ": " + value_of(done["read"]) + " octets";
  if (done.contains("end")) text += ", " + value_of(done["end"]);
  return text;
}

std::string_view arrow_of(const Json& step) {
  static constexpr std::array sends{"connect",   "connect_many",   "handshake",    "send",
                                    "send_text", "shutdown_write", "close_notify", "rst",
                                    "close",     "close_all",      "truncate"};
  static constexpr std::array reads{"read", "read_until_eof", "read_available"};
  const auto is = [&](const char* verb) { return step.at(0) == verb; };
  if (std::any_of(sends.begin(), sends.end(), is)) return to_server;
  return std::any_of(reads.begin(), reads.end(), is) ? to_peer : nothing;
}

void draw(const Result& result, const Scenario& scenario, const std::string& style) {
  std::cout << scenario.name << " on " << result.target << ": " << name_of(result.verdict) << '\n';
  if (!scenario.about.empty()) std::cout << scenario.about << '\n';
  if (!result.message.empty()) std::cout << result.message << '\n';
  if (!result.reason.empty()) std::cout << "declared: " << result.reason << '\n';
  std::cout << "server script: " << scenario.server.json.dump() << "\n\n";
  std::string head = "the peer";
  head.resize(lane, ' ');
  std::cout << head << nothing << "  " << result.target << '\n';

  const bool several = std::any_of(result.trace.begin(), result.trace.end(),
                                   [](const Event& event) { return event.connection > 0; });
  auto step = result.peer.steps.begin();
  std::int64_t seen = 0;
  const auto steps_until = [&](std::int64_t events) {
    for (; step != result.peer.steps.end() && step->at("seen").get<std::int64_t>() <= events; ++step) {
      std::string text = step_line(*step);
      if (text.size() < lane) text.resize(lane, ' ');
      std::cout << text << arrow_of(step->at("step")) << '\n';
    }
  };
  for (std::size_t i = 0; i < result.trace.size(); ++i) {
    const Event& event = result.trace[i];
    if (event.kind == "act") continue;
    steps_until(seen++);
    std::cout << std::string(lane, ' ') << nothing << event_line(event, style, several);
    if (i == result.marked) std::cout << "   <== here, instead of " << result.expected;
    std::cout << '\n';
  }
  steps_until(std::numeric_limits<std::int64_t>::max());
  if (result.trace.empty() && result.peer.steps.empty()) std::cout << "nothing was played\n";
}

Exit trace(const Options& options) {
  const Data data = load_data(default_data_folder());
  const Scenario& scenario = find_scenario(data.scenarios, options.scenario);
  std::vector<std::string> targets = options.targets;
  for (const std::string& style : options.styles)
    targets.emplace_back(style == "asio" ? "asio_style" : "cl_async_style");
  if (targets.empty()) targets = {"asio_style", "cl_async_style"};
  bool good = true;
  for (const std::string& name : targets) {
    TargetRunner runner(name, data);
    if (!scenario.over(runner.transport()))
      throw std::invalid_argument(scenario.name + " is not played over " + runner.transport());
    if (&name != &targets.front()) std::cout << '\n';
    const Result result = runner.run(scenario);
    draw(result, scenario, result.verdict == Verdict::harness_error ? "" : runner.hello().style);
    if (result.verdict == Verdict::harness_error) return Exit::harness_error;
    good = good && is_good(result.verdict);
  }
  return good ? Exit::success : Exit::failure;
}

}  // namespace

void add_trace_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "trace",
      "Play one scenario and print it as a sequence diagram: the peer's steps between the callbacks");
  verb->add_option("--scenario", options->scenario, "Its name, or a part that no other has")->required();
  verb->add_option("--style", options->styles, "asio or cl-async; both unless a target is named")
      ->check(CLI::IsMember({"asio", "cl-async"}));
  verb->add_option("--target", options->targets, "Any target of `antiphon conform`")
      ->check([](const std::string& name) {
        return is_target(name) ? std::string() : "unknown target '" + name + "'";
      });
  verb->callback([options, &chosen] {
    chosen = [options]() -> Exit {
      try {
        return trace(*options);
      } catch (const std::invalid_argument& error) {
        std::cerr << "antiphon: " << error.what() << '\n';
        return Exit::usage;
      }
    };
  });
}

}  // namespace antiphon::cli
