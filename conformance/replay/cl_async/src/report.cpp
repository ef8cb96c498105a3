#include "report.hpp"

#include <ostream>

namespace antiphon::conformance::cl_async {

namespace {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal:
      return "equal";
    case Verdict::as_declared:
      return "declared";
    case Verdict::differs:
      return "DIFFERS";
  }
  return "";
}

std::string joined(const std::vector<std::string>& rules) {
  std::string text;
  for (const std::string& rule : rules) text += (text.empty() ? "" : ", ") + rule;
  return text;
}

}  // namespace

Counts replay_all(const std::filesystem::path& where, const std::map<std::string, Difference>& declared,
                  std::ostream& out, Json* json) {
  Counts counts;
  if (json != nullptr) *json = Json::array();
  for (const std::filesystem::path& file : find_traces(where)) {
    try {
      const TraceFile trace = load_trace(file);
      const auto found = declared.find(trace.scenario);
      const Difference* difference = found == declared.end() ? nullptr : &found->second;
      const Judgement judgement = judge(trace, difference);
      out << name_of(judgement.verdict) << ' ' << trace.scenario;
      if (judgement.verdict == Verdict::as_declared)
        out << " (" << joined(difference->rules) << "): " << difference->reason;
      out << '\n';
      if (judgement.verdict == Verdict::differs) out << judgement.report;
      ++(judgement.verdict == Verdict::equal         ? counts.equal
         : judgement.verdict == Verdict::as_declared ? counts.as_declared
                                                     : counts.differs);
      if (json != nullptr)
        json->push_back({{"scenario", trace.scenario},
                         {"verdict", name_of(judgement.verdict)},
                         {"events", judgement.ours.events},
                         {"peer_events", judgement.ours.peer}});
    } catch (const HarnessError& error) {
      out << "HARNESS ERROR " << file.filename().string() << ": " << error.what() << '\n';
      ++counts.harness_errors;
      if (json != nullptr)
        json->push_back(
            {{"scenario", file.filename().string()}, {"verdict", "HARNESS ERROR"}, {"error", error.what()}});
    }
    out.flush();
  }
  out << counts.equal << " as recorded, " << counts.as_declared << " differ as declared, " << counts.differs
      << " differ, " << counts.harness_errors << " could not be replayed\n";
  return counts;
}

}  // namespace antiphon::conformance::cl_async
