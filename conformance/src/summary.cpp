// What other programs read of a run: JUnit, TAP, Markdown, a badge; and what is judged over all results.

#include "summary.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include "rules.hpp"

namespace antiphon::conformance {

namespace {

std::string escaped(const std::string& text) {
  std::string made;
  for (const char c : text) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      default:
        // XML has no way to write other control characters.
        made += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  for (const char* never : {"\xef\xbf\xbe", "\xef\xbf\xbf"})  // U+FFFE and U+FFFF neither
    for (std::size_t at = made.find(never); at != std::string::npos; at = made.find(never, at))
      made.replace(at, 3, "?");
  return made;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '#', '.');  // TAP's directives begin with it
  return text;
}

std::string seconds(double ms) {
  std::string text = std::to_string(ms / 1000);
  return text.substr(0, text.find('.') + 4);
}

std::ptrdiff_t count(const Report& report, const std::string& target, Verdict verdict) {
  return std::count_if(report.results.begin(), report.results.end(),
                       [&](const Result& each) { return each.target == target && each.verdict == verdict; });
}

constexpr std::array all_verdicts{Verdict::pass, Verdict::warn,  Verdict::differs, Verdict::not_offered,
                                  Verdict::fail, Verdict::flaky, Verdict::stale,   Verdict::harness_error};

}  // namespace

RuleCount count_rules(const Report& report, const std::string& target) {
  RuleCount made;
  const std::string transport = parse_target(target).transport;
  for (const Result& each : report.results)
    if (each.target == target) made.tried.insert(each.exercised.begin(), each.exercised.end());
  for (const Scenario& scenario : report.scenarios) {
    const auto result = std::find_if(report.results.begin(), report.results.end(), [&](const Result& each) {
      return each.target == target && each.scenario == scenario.name;
    });
    if (!scenario.over(transport)) continue;
    for (const std::string& rule : scenario.rules)
      if (!made.tried.contains(rule))
        (result != report.results.end() && result->verdict == Verdict::not_offered ? made.not_offered
                                                                                   : made.silent)
            .insert(rule);
  }
  for (const std::string& rule : made.silent) made.not_offered.erase(rule);
  return made;
}

void find_stale(Report& report, const std::string& target, const std::vector<Difference>& differences) {
  for (const Difference& each : differences) {
    if (each.rule.empty() || each.names_one() || each.sometimes || !fits(each.target, target)) continue;
    Result* first = nullptr;
    bool shows = false;
    for (Result& result : report.results) {
      if (result.target != target) continue;
      shows = shows || (result.verdict != Verdict::pass && result.rule == each.rule);
      const auto scenario = std::find_if(report.scenarios.begin(), report.scenarios.end(),
                                         [&](const Scenario& one) { return one.name == result.scenario; });
      const bool own = scenario != report.scenarios.end() && scenario->rules.front() == each.rule;
      if (own && result.verdict == Verdict::pass && first == nullptr) first = &result;
    }
    if (shows || first == nullptr) continue;
    first->verdict = Verdict::stale;
    first->reason = each.reason;
    first->message = each.rule + " is declared to differ, but it is kept: remove the declaration";
  }
}

std::vector<std::string> regressions(const Report& report, const std::filesystem::path& baseline) {
  std::map<std::pair<std::string, std::string>, std::string> before;
  try {
    std::ifstream in(baseline);
    if (!in) throw std::invalid_argument("cannot be read");
    const Json earlier = Json::parse(in);
    for (const Json& each : earlier.at("results"))
      before[{each.at("target"), each.at("scenario")}] = each.at("verdict");
  } catch (const std::exception& error) {
    throw std::invalid_argument(baseline.string() + ": " + error.what());
  }
  std::vector<std::string> worse;
  for (const Result& each : report.results) {
    const auto found = before.find({each.target, each.scenario});
    if (!is_good(each.verdict) && (found == before.end() || found->second != name_of(each.verdict)))
      worse.push_back(each.target + " " + each.scenario + ": " + std::string(name_of(each.verdict)) +
                      ", before: " + (found == before.end() ? "not run" : found->second));
  }
  return worse;
}

std::string to_junit(const Report& report) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"antiphon\">\n";
  for (const Hello& target : report.targets) {
    const auto number = [&](auto... verdicts) {
      return std::to_string((count(report, target.name, verdicts) + ...));
    };
    const auto all = std::count_if(report.results.begin(), report.results.end(),
                                   [&](const Result& each) { return each.target == target.name; });
    xml += "  <testsuite name=\"" + escaped(target.name) + "\" tests=\"" + std::to_string(all) +
           "\" failures=\"" + number(Verdict::fail, Verdict::stale, Verdict::flaky) + "\" errors=\"" +
           number(Verdict::harness_error) + "\" skipped=\"" + number(Verdict::not_offered) + "\">\n";
    for (const Result& each : report.results) {
      if (each.target != target.name) continue;
      xml += "    <testcase classname=\"" + escaped(target.name) + "\" name=\"" + escaped(each.scenario) +
             "\" time=\"" + seconds(each.duration_ms) + "\"";
      const std::string says = escaped(each.message);
      if (each.verdict == Verdict::pass)
        xml += "/>\n";
      else if (each.verdict == Verdict::not_offered)
        xml += "><skipped message=\"" + says + "\"/></testcase>\n";
      else if (is_good(each.verdict))  // it counts as passed, but not silently
        xml += "><system-out>" + std::string(name_of(each.verdict)) + ": " + escaped(each.reason) + " " +
               says + "</system-out></testcase>\n";
      else
        xml += std::string("><") + (each.verdict == Verdict::harness_error ? "error" : "failure") +
               " type=\"" + std::string(name_of(each.verdict)) + "\" message=\"" + says + "\">" +
               escaped(explain(each)) + "</" +
               (each.verdict == Verdict::harness_error ? "error" : "failure") + "></testcase>\n";
    }
    xml += "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

std::string to_tap(const Report& report) {
  std::string text = "TAP version 13\n1.." + std::to_string(report.results.size()) + "\n";
  int number = 0;
  for (const Result& each : report.results) {
    const bool ok = is_good(each.verdict) && each.verdict != Verdict::differs;
    text += std::string(ok ? "ok " : "not ok ") + std::to_string(++number) + " - " + each.target + " " +
            each.scenario;
    if (each.verdict == Verdict::not_offered) text += " # SKIP not offered: " + one_line(each.message);
    if (each.verdict == Verdict::differs) text += " # TODO differs as declared: " + one_line(each.reason);
    text += "\n";
    if (each.verdict != Verdict::pass && each.verdict != Verdict::not_offered)
      text += "  ---\n  verdict: " + std::string(name_of(each.verdict)) + "\n  rule: " + each.rule +
              "\n  message: " + Json(each.message).dump() + "\n  ...\n";
  }
  return text;
}

std::string to_markdown(const Report& report) {
  std::string text = "# Conformance\n\n| target |";
  std::string line = "|---|";
  for (const Verdict verdict : all_verdicts) {
    text += " " + std::string(name_of(verdict)) + " |";
    line += "--:|";
  }
  text += " rules tried |\n" + line + "--:|\n";
  for (const Hello& target : report.targets) {
    text += "| " + target.name + " " + target.version + " |";
    for (const Verdict verdict : all_verdicts)
      text += " " + std::to_string(count(report, target.name, verdict)) + " |";
    text += " " + std::to_string(count_rules(report, target.name).tried.size()) + " |\n";
  }
  for (const Verdict verdict : {Verdict::harness_error, Verdict::fail, Verdict::flaky, Verdict::stale,
                                Verdict::warn, Verdict::differs}) {
    std::string rows;
    for (const Result& each : report.results)
      if (each.verdict == verdict)
        rows += "| " + each.target + " | " + each.scenario + " | " + each.rule + " | " +
                one_line(verdict == Verdict::differs ? each.reason : each.message) + " |\n";
    if (!rows.empty())
      text += "\n## " + std::string(name_of(verdict)) +
              "\n\n| target | scenario | rule | |\n|---|---|---|---|\n" + rows;
  }
  return text;
}

Json to_badge(const Report& report) {
  std::set<std::string> tried;
  for (const Hello& target : report.targets) tried.merge(count_rules(report, target.name).tried);
  const auto bad = std::count_if(report.results.begin(), report.results.end(),
                                 [](const Result& each) { return !is_good(each.verdict); });
  const std::string message =
      bad == 0 ? std::to_string(tried.size()) + " rules kept"
               : std::to_string(bad) + " of " + std::to_string(report.results.size()) + " failed";
  return {{"schemaVersion", 1},
          {"label", "conformance"},
          {"message", message},
          {"color", bad == 0 ? "brightgreen" : "red"}};
}

}  // namespace antiphon::conformance
