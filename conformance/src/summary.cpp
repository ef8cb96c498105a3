// What other programs read of a run: JUnit, TAP, Markdown, a badge; and what is judged over all results.

#include "summary.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
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

/// A reader of XML takes a line's end within an attribute for a space.
std::string attribute(const std::string& text) {
  std::string made;
  for (const char c : escaped(text)) made += c == '\n' ? "&#10;" : c == '\t' ? "&#9;" : std::string(1, c);
  return made;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string tap_text(std::string text) {
  text = one_line(std::move(text));
  std::replace(text.begin(), text.end(), '#', '.');  // TAP's directives begin with it
  return text;
}

/// A cell of a table, where a bar would begin the next one.
std::string cell(const std::string& text) {
  std::string made;
  for (const char c : one_line(text))
    made += c == '|'                           ? "\\|"
            : c == '<'                         ? "&lt;"
            : c == '*' || c == '_' || c == '`' ? std::string{'\\', c}
                                               : std::string(1, c);
  return made;
}

std::string here() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "localhost";
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

std::string utc_now() {
  const std::time_t time = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return text.data();
}

std::size_t count_rules_tried(const Report& report) {
  std::set<std::string> tried;
  for (const Result& each : report.results) tried.insert(each.exercised.begin(), each.exercised.end());
  return tried.size();
}

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

std::vector<Regression> regressions(const Report& report, const std::filesystem::path& baseline) {
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
  std::vector<Regression> worse;
  for (const Result& each : report.results) {
    const auto found = before.find({each.target, each.scenario});
    const std::string was = found == before.end() ? "not run" : found->second;
    const bool fails = !is_good(each.verdict) && was != name_of(each.verdict);
    // Who offers less than before is judged by less, and would not be noticed.
    const bool silent =
        each.verdict == Verdict::not_offered && (was == "pass" || was == "warn" || was == "differs");
    if (fails || silent)
      worse.push_back(
          {each.target + " " + each.scenario + ": " + std::string(name_of(each.verdict)) + ", before: " + was,
           each.verdict});
  }
  return worse;
}

namespace {

std::string testcase(const Result& each) {
  std::string xml = "    <testcase classname=\"" + attribute(each.target) + "\" name=\"" +
                    attribute(each.scenario) + "\" time=\"" + seconds(each.duration_ms) + "\"";
  const std::string says = attribute(each.message);
  if (each.verdict == Verdict::not_offered) return xml + "><skipped message=\"" + says + "\"/></testcase>\n";
  if (is_good(each.verdict)) return xml + "/>\n";
  const std::string kind = each.verdict == Verdict::harness_error ? "error" : "failure";
  return xml + "><" + kind + " type=\"" + std::string(name_of(each.verdict)) + "\" message=\"" + says +
         "\">" + escaped(explain(each)) + "</" + kind + "></testcase>\n";
}

/// What counts as passed, but not silently.
std::string remarks(const Report& report, const std::string& target) {
  std::string text;
  for (const Result& each : report.results)
    if (each.target == target && (each.verdict == Verdict::warn || each.verdict == Verdict::differs))
      text += std::string(name_of(each.verdict)) + " " + each.scenario + " " + each.rule + ": " +
              one_line(each.verdict == Verdict::differs ? each.reason : each.message) + "\n";
  return text;
}

}  // namespace

std::string to_junit(const Report& report) {
  // What Ant's schema asks for, and Jenkins's and GitLab's readers know.
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  int id = 0;
  for (const Hello& target : report.targets) {
    const auto number = [&](auto... verdicts) {
      return std::to_string((count(report, target.name, verdicts) + ...));
    };
    std::size_t all = 0;
    double took = 0;
    std::string cases;
    for (const Result& each : report.results) {
      if (each.target != target.name) continue;
      ++all;
      took += each.duration_ms;
      cases += testcase(each);
    }
    xml += "  <testsuite id=\"" + std::to_string(id++) + "\" package=\"antiphon\" name=\"" +
           attribute(target.name) + "\" timestamp=\"" + utc_now() + "\" hostname=\"" + attribute(here()) +
           "\" tests=\"" + std::to_string(all) + "\" failures=\"" +
           number(Verdict::fail, Verdict::stale, Verdict::flaky) + "\" errors=\"" +
           number(Verdict::harness_error) + "\" skipped=\"" + number(Verdict::not_offered) + "\" time=\"" +
           seconds(took) + "\">\n    <properties><property name=\"version\" value=\"" +
           attribute(target.version) + "\"/></properties>\n" + cases + "    <system-out>" +
           escaped(remarks(report, target.name)) + "</system-out>\n    <system-err/>\n  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

std::string to_tap(const Report& report) {
  std::string text = "TAP version 13\n1.." + std::to_string(report.results.size()) + "\n";
  int number = 0;
  for (const Result& each : report.results) {
    const bool ok = is_good(each.verdict) && each.verdict != Verdict::differs;
    text += std::string(ok ? "ok " : "not ok ") + std::to_string(++number) + " - " + tap_text(each.target) +
            " " + tap_text(each.scenario);
    if (each.verdict == Verdict::not_offered) text += " # SKIP not offered: " + tap_text(each.message);
    if (each.verdict == Verdict::differs) text += " # TODO differs as declared: " + tap_text(each.reason);
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
    text += "| " + cell(target.name) + " " + cell(target.version) + " |";
    for (const Verdict verdict : all_verdicts)
      text += " " + std::to_string(count(report, target.name, verdict)) + " |";
    text += " " + std::to_string(count_rules(report, target.name).tried.size()) + " |\n";
  }
  for (const Verdict verdict : {Verdict::harness_error, Verdict::fail, Verdict::flaky, Verdict::stale,
                                Verdict::warn, Verdict::differs}) {
    std::string rows;
    for (const Result& each : report.results)
      if (each.verdict == verdict)
        rows += "| " + cell(each.target) + " | " + cell(each.scenario) + " | " + each.rule + " | " +
                cell(verdict == Verdict::differs ? each.reason : each.message) + " |\n";
    if (!rows.empty())
      text += "\n## " + std::string(name_of(verdict)) +
              "\n\n| target | scenario | rule | |\n|---|---|---|---|\n" + rows;
  }
  return text;
}

Json to_badge(const Report& report) {
  const std::size_t tried = count_rules_tried(report);
  const auto bad = std::count_if(report.results.begin(), report.results.end(),
                                 [](const Result& each) { return !is_good(each.verdict); });
  const std::string message =
      bad == 0 ? std::to_string(tried) + " rules kept"
               : std::to_string(bad) + " of " + std::to_string(report.results.size()) + " failed";
  return {{"schemaVersion", 1},
          {"label", "conformance"},
          {"message", message},
          {"color", bad == 0 ? "brightgreen" : "red"}};
}

}  // namespace antiphon::conformance
