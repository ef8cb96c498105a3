// Pages that are made from the tables, so that they cannot say anything else.

#include "document.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "automaton.hpp"
#include "mutants.hpp"
#include "rules.hpp"

namespace antiphon::conformance {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& each : names) text += (text.empty() ? "" : ", ") + each;
  return text;
}

/// One arrow for all events between two states.
template <typename State>
struct Arrow {
  State from;
  State to;
  std::string events;
};
template <typename State, typename Table>
std::vector<Arrow<State>> arrows(const Table& table) {
  std::vector<Arrow<State>> made;
  for (const auto& each : table) {
    const auto same = std::find_if(made.begin(), made.end(), [&](const Arrow<State>& arrow) {
      return arrow.from == each.from && arrow.to == each.to;
    });
    if (same == made.end())
      made.push_back({each.from, each.to, std::string(each.event)});
    else
      same->events += ", " + std::string(each.event);
  }
  return made;
}

}  // namespace

std::string rules_page(const Data& data) {
  std::map<std::string, std::vector<std::string>> scenarios;
  for (const Scenario& each : data.scenarios)
    for (const std::string& rule : each.rules)
      if (!each.generated) scenarios[rule].push_back(each.name);
  std::string text =
      "# The rules of the conformance kit\n\n"
      "Made by `antiphon conform --document docs` from the kit's one table; a test compares. " +
      std::to_string(all_rules().size()) + " rules, " + std::to_string(data.scenarios.size()) +
      " scenarios, of\nwhich " +
      std::to_string(std::count_if(data.scenarios.begin(), data.scenarios.end(),
                                   [](const Scenario& each) { return each.generated; })) +
      " are enumerated: every action inside every callback.\n" +
      "CM connection_made, DR data_received, ER eof_received, PW pause_writing, RW resume_writing, CL\n"
      "connection_lost. AS- and CL- are the numbers of the specifications of asyncio's and cl-async's "
      "behaviour.\n"
      "Each rule kills at least one mutant of the reference: `antiphon conform --mutants`.\n\n"
      "![the automaton](automaton.svg)\n";
  std::string_view group;
  for (const Rule& rule : all_rules()) {
    if (rule.group != group) text += "\n## " + std::string(rule.group) + "\n\n";
    group = rule.group;
    text += "- **" + std::string(rule.id) + "** " + std::string(name_of(rule.level)) + ": " +
            std::string(rule.sentence) + " (" + std::string(rule.sources) + ")  \n  tried by " +
            joined(scenarios[std::string(rule.id)]) + "; kills " + joined(mutants_of(rule.id)) + "\n";
  }
  return text;
}

std::string automaton_dot() {
  std::string dot =
      "// Made by `antiphon conform --document docs` from conformance/src/automaton.hpp.\n"
      "digraph automaton {\n"
      "  rankdir=LR; ranksep=.75;\n"
      "  node [shape=circle fontname=sans fontsize=13 width=.85 fixedsize=true color=\"#010101\"];\n"
      "  edge [fontname=monospace fontsize=12 color=\"#020202\" arrowsize=.7];\n";
  const auto draw = [&](const auto& table) {
    for (const auto& each : table)
      dot += "  " + std::string(name_of(each.from)) + " -> " + std::string(name_of(each.to)) + " [label=\" " +
             each.events + " \"];\n";
  };
  draw(arrows<Life>(life_steps));
  draw(arrows<Flow>(flow_steps));
  return dot + "}\n";
}

}  // namespace antiphon::conformance
