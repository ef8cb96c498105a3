// The page of exercises: each mutant of the reference as a riddle, with its solution folded away.

#include "document.hpp"
#include "mutants.hpp"
#include "reference/faults.hpp"
#include "rules.hpp"

namespace antiphon::conformance {

namespace {

std::size_t number_of(const reference::Mutant& mutant) {
  return static_cast<std::size_t>(&mutant - reference::all_mutants().data()) + 1;
}

/// For inside an HTML element, where Markdown is not read.
std::string html(std::string_view text) {
  std::string safe;
  for (const char each : text)
    safe += each == '<' ? "&lt;" : each == '>' ? "&gt;" : each == '&' ? "&amp;" : std::string(1, each);
  return safe;
}

/// Those that try a rule, without the enumerated ones.
std::vector<const Scenario*> scenarios_of(const Data& data, std::string_view rule) {
  std::vector<const Scenario*> found;
  for (const Scenario& each : data.scenarios)
    if (!each.generated && each.tries(rule)) found.push_back(&each);
  return found;
}

std::string exercise(const Data& data, const Rule& rule, const reference::Mutant& mutant) {
  const auto scenarios = scenarios_of(data, rule.id);
  const std::string transport = scenarios.empty() ? "tcp" : scenarios.front()->transports.front();
  const std::string number = std::to_string(number_of(mutant));
  std::string tried;
  for (const Scenario* each : scenarios) tried += (tried.empty() ? "" : ", ") + each->name;
  return "### Exercise " + number + "\n\n" + std::string(mutant.seen) +
         "\n\n```sh\nantiphon conform --target reference:" + number +
         (transport == "tcp" ? "" : "-" + transport) + " --rule '" +
         std::string(rule.id.substr(0, rule.id.find('-'))) +
         "-*' --stop-on-failure\n```\n\n"
         // One block without an empty line: neither GitHub nor Doxygen folds more than one.
         "<details><summary>the rule, and the fault</summary>\n<b>" +
         std::string(rule.id) + "</b> " + std::string(name_of(rule.level)) + ": " + html(rule.sentence) +
         "<br/>\n<code>" + std::string(mutant.name) + "</code>: the reference " + html(mutant.breaks) +
         ".<br/>\nThe kit's verdict has the words <code>" + html(mutant.says) + "</code>. Tried by " + tried +
         ".\n</details>\n\n";
}

}  // namespace

std::string break_it_page(const Data& data) {
  const auto mutants = reference::all_mutants();
  std::string text =
      "# Break it\n\n"
      "Made by `antiphon conform --document docs` from the kit's tables; a test compares.\n\n"
      "The conformance kit has a server of its own, the reference, that can be told to have one of " +
      std::to_string(mutants.size()) +
      " faults. Each\nexercise below begins with what a user of that server sees. **Find which rule it "
      "breaks:**\n\n"
      "1. Read what is seen, and say which callback came too early, too late, too often or not at all.\n"
      "   [The automaton](automaton.md) is on one page, [the rules](rules.md) on another.\n"
      "2. Switch the fault on, by its number, and run the kit: the command stands below it. Its pattern is a "
      "hint.\n"
      "3. Read the verdict: the rule, what was expected, and the trace. A fault may break more than one "
      "rule;\n"
      "   the solution has the one that must notice it. A rule that says SHOULD is a warning, not a "
      "failure.\n"
      "   `antiphon conform --target reference` with the same pattern shows the server without the fault.\n"
      "4. Then ask how your own server would fare: [add it](add_your_server.md) to the same kit.\n\n"
      "`--target reference:NAME` takes a fault's name as well, `--mutants` shows only which rule "
      "notices. The\nsolutions are folded away.\n\n";
  std::string_view group;
  for (const Rule& rule : all_rules())
    for (const reference::Mutant& mutant : mutants) {
      if (mutant.rule != rule.id) continue;
      if (rule.group != group) text += "## " + std::string(rule.group) + "\n\n";
      group = rule.group;
      text += exercise(data, rule, mutant);
    }
  text.pop_back();
  return text;
}

}  // namespace antiphon::conformance
