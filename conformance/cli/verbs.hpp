#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace antiphon::cli {

/// What `antiphon` ends with. Each verb says in its help which of them it uses.
enum class Exit : int {
  success = 0,
  failure = 1,        ///< the thing asked for went wrong: a rule is broken, a port is taken
  usage = 2,          ///< the command line was wrong
  harness_error = 3,  ///< the kit could not do its work
};

/// Adds a verb with its options. When the command line names it, `chosen` is set to what it does.
using Action = std::function<Exit()>;
void add_bench_verb(CLI::App& app, Action& chosen);
void add_check_verb(CLI::App& app, Action& chosen);
void add_conform_verb(CLI::App& app, Action& chosen);
void add_http_conform_verb(CLI::App& app, Action& chosen);
void add_http_diff_verb(CLI::App& app, Action& chosen);
void add_replay_verb(CLI::App& app, Action& chosen);
void add_report_verb(CLI::App& app, Action& chosen);
void add_serve_verb(CLI::App& app, Action& chosen);
void add_trace_verb(CLI::App& app, Action& chosen);
void add_walk_verb(CLI::App& app, Action& chosen);

}  // namespace antiphon::cli
