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

constexpr int spacing = 190;
constexpr int radius = 38;

std::string number(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find('.') + 2);
  return text;
}

std::string label(double x, double y, const std::string& text, const char* what = "event") {
  return "<text class=\"" + std::string(what) + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\">" + text +
         "</text>\n";
}

/// A row of states from left to right, with arrows as the table has them.
template <typename State>
std::string row(const std::vector<Arrow<State>>& table, int states, double y) {
  const auto x = [](State state) { return 70.0 + spacing * static_cast<int>(state); };
  std::string svg;
  for (const Arrow<State>& each : table) {
    const double from = x(each.from);
    const double to = x(each.to);
    const int apart = static_cast<int>(each.to) - static_cast<int>(each.from);
    std::string path;
    if (apart == 0) {
      path = "M" + number(from - 14) + "," + number(y - radius + 3) + " C" + number(from - 34) + "," +
             number(y - radius - 48) + " " + number(from + 34) + "," + number(y - radius - 48) + " " +
             number(from + 14) + "," + number(y - radius + 3);
      svg += label(from, y - radius - 42, each.events);
    } else if (apart == 1) {
      const bool returns = std::any_of(table.begin(), table.end(), [&](const Arrow<State>& other) {
        return other.from == each.to && other.to == each.from;
      });
      const double lift = returns ? 14 : 0;
      path = "M" + number(from + radius) + "," + number(y - lift) + " L" + number(to - radius - 4) + "," +
             number(y - lift);
      svg += label((from + to) / 2, y - 8 - lift, each.events);
    } else if (apart == -1) {
      path = "M" + number(from - radius) + "," + number(y + 14) + " L" + number(to + radius + 4) + "," +
             number(y + 14);
      svg += label((from + to) / 2, y + 32, each.events);
    } else {
      path = "M" + number(from + 20) + "," + number(y + radius - 6) + " Q" + number((from + to) / 2) + "," +
             number(y + 130) + " " + number(to - 22) + "," + number(y + radius - 2);
      svg += label((from + to) / 2, y + 100, each.events);
    }
    svg += "<path d=\"" + path + "\"/>\n";
  }
  for (int i = 0; i < states; ++i) {
    const auto state = static_cast<State>(i);
    svg += "<circle cx=\"" + number(x(state)) + "\" cy=\"" + number(y) + "\" r=\"" + std::to_string(radius) +
           "\"/>\n" + label(x(state), y + 5, std::string(name_of(state)), "state");
  }
  return svg;
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
      "digraph automaton {\n  rankdir=LR;\n  node [shape=circle];\n";
  for (const auto& each : arrows<Life>(life_steps))
    dot += "  " + std::string(name_of(each.from)) + " -> " + std::string(name_of(each.to)) + " [label=\"" +
           each.events + "\"];\n";
  for (const auto& each : arrows<Flow>(flow_steps))
    dot += "  " + std::string(name_of(each.from)) + " -> " + std::string(name_of(each.to)) + " [label=\"" +
           each.events + "\"];\n";
  return dot + "}\n";
}

std::string automaton_svg() {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 440\" role=\"img\" "
         "aria-label=\"The order of callbacks: CM DR* ER? CL, with PW and RW in turn\">\n"
         "<style>circle{fill:#fff;stroke:#1c5a8a;stroke-width:2}path{fill:none;stroke:#444;stroke-width:1.5;"
         "marker-end:url(#tip)}text{font:14px sans-serif;text-anchor:middle;fill:#222}.event{font:13px "
         "monospace}"
         "</style>\n"
         "<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" "
         "markerHeight=\"7\" "
         "orient=\"auto\"><path d=\"M0,0 L10,5 L0,10 z\" "
         "style=\"fill:#444;stroke:none;marker-end:none\"/></marker>"
         "</defs>\n" +
         row(arrows<Life>(life_steps), 4, 130) + row(arrows<Flow>(flow_steps), 2, 360) + "</svg>\n";
}

}  // namespace antiphon::conformance
