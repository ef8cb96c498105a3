// Scenarios that nobody wrote: all small ones, and random ones.

#include "explore.hpp"

#include <rapidcheck.h>
#include <rapidcheck/detail/TestListenerAdapter.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "deeds.hpp"

namespace antiphon::conformance {

namespace {

using Steps = std::vector<Json>;

Json step(const char* verb) {
  return Json::array({verb});
}

/// Puts what can follow behind a peer's steps: nothing is sent behind its end, nothing at all behind a close.
/// The script ends with what lets the server answer, and no step waits for what a server may not do.
Scenario finish(std::string name, const Steps& steps, const Json& on, const std::set<std::string>& needs) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.about = "judged by the model alone";
  scenario.rules = {"ORD-05"};
  scenario.needs.assign(needs.begin(), needs.end());
  scenario.transports = {"tcp", "unix", "tls"};
  scenario.server = parse_script({{"on", on}});
  scenario.peer = Json::array({step("connect")});
  bool ended = false;
  bool gone = false;
  for (const Json& each : steps) {
    const std::string verb = each[0];
    if (gone || (ended && (verb == "send" || verb == "shutdown_write"))) continue;
    scenario.peer.push_back(each);
    ended = ended || verb == "shutdown_write";
    gone = verb == "close" || verb == "rst";
  }
  scenario.peer.push_back(step("drain"));
  if (!gone) scenario.peer.push_back(step("read_available"));
  scenario.abort_at_end = true;
  return scenario;
}

void sequences(const Steps& alphabet, int longest, Steps& now, std::vector<Steps>& all) {
  all.push_back(now);
  if (longest == 0) return;
  for (const Json& each : alphabet) {
    const std::string verb = each[0];
    const std::string last = now.empty() ? "drain" : now.back()[0].get<std::string>();
    const bool ended =
        std::any_of(now.begin(), now.end(), [](const Json& one) { return one[0] == "shutdown_write"; });
    if (last == "close" || last == "rst" || (last == "drain" && verb == "drain") ||
        (ended && (verb == "send" || verb == "shutdown_write")))
      continue;
    now.push_back(each);
    sequences(alphabet, longest - 1, now, all);
    now.pop_back();
  }
}

std::string words(const Steps& steps) {
  std::string text;
  for (const Json& each : steps) text += (text.empty() ? "" : " ") + each[0].get<std::string>();
  return text.empty() ? "nothing" : text;
}

}  // namespace

std::vector<Scenario> small_scenarios(int longest) {
  const Steps alphabet{Json::array({"send", 10}), step("drain"), step("shutdown_write"), step("close"),
                       step("rst")};
  std::vector<Steps> all;
  Steps now;
  sequences(alphabet, longest, now, all);
  std::vector<Scenario> made;
  for (const Steps& steps : all) {
    made.push_back(finish("small:" + words(steps), steps, Json::object(), {}));
    for (const char* event : {"CM", "DR", "ER", "CL"})
      for (const Deed& deed : all_deeds()) {
        std::set<std::string> needs;
        if (*deed.needs != '\0') needs.insert(deed.needs);
        made.push_back(finish("small:" + words(steps) + " at " + event + ": " + deed.name, steps,
                              {{event, Json::array({Json::parse(deed.action)})}}, needs));
      }
  }
  return made;
}

bool plays(const Scenario& scenario, const std::string& transport) {
  return scenario.over(transport) && !(transport == "unix" && scenario.steps("rst"));
}

namespace {

/// The peer's alphabet: what it sends fits into the kernel's buffers, so that no step blocks.
Steps random_steps(const std::vector<int>& drawn) {
  static const Steps alphabet{
      Json::array({"send", 1}), Json::array({"send", 100}), step("drain"), Json::array({"send", 9000}),
      step("read_available"),   step("shutdown_write"),     step("close"), step("rst")};
  Steps steps;
  for (const int each : drawn) steps.push_back(alphabet[static_cast<std::size_t>(each) % alphabet.size()]);
  return steps;
}

/// More than the kernel takes while the peer's window is small, so that the writer is paused.
constexpr Deed flood{"write_more", R"(["write",6000000])", ""};

/// What the target offers: the rest would only be "not offered", and prove nothing.
std::vector<Deed> offered_deeds(TargetRunner& runner) {
  Hello hello;
  try {
    hello = runner.hello();
  } catch (const std::exception&) {  // each script will tell why
  }
  std::vector<Deed> offered;
  for (const Deed& each : all_deeds())
    if (*each.needs == '\0' || hello.has(each.needs)) offered.push_back(each);
  offered.push_back(flood);
  return offered;
}

Scenario random_scenario(const std::vector<int>& peer, const std::vector<std::pair<int, int>>& server,
                         const std::vector<Deed>& deeds) {
  static constexpr std::array events{"CM", "DR", "ER", "PW", "RW", "CL"};
  Json on = Json::object();
  std::set<std::string> needs;
  bool floods = false;
  for (const auto& [event, action] : server) {
    const Deed& deed = deeds[static_cast<std::size_t>(action) % deeds.size()];
    const char* when = events[static_cast<std::size_t>(event) % events.size()];
    if (!on.contains(when)) on[when] = Json::array();
    bracket(Json::parse(deed.action), on[when]);
    if (*deed.needs != '\0') needs.insert(deed.needs);
    floods = floods || std::string_view(deed.name) == flood.name;
  }
  Scenario made = finish("random", random_steps(peer), on, needs);
  if (floods) made.peer.insert(made.peer.begin(), Json::array({"set_rcvbuf", 16384}));
  return made;
}

class CaseCount final : public rc::detail::TestListenerAdapter {
 public:
  void onTestCaseFinished(const rc::detail::CaseDescription& /*each*/) override { ++cases; }
  int cases = 0;
};

Json without_resets(const Json& steps) {
  Json kept = Json::array();
  for (const Json& each : steps) kept.push_back(each[0] == "rst" ? step("close") : each);
  return kept;
}

}  // namespace

RandomRun run_random(TargetRunner& runner, int count, std::uint64_t seed) {
  RandomRun run;
  run.seed = seed;
  rc::detail::TestParams params;
  params.seed = seed;
  params.maxSuccess = count;
  params.maxSize = 12;
  rc::detail::TestMetadata metadata;
  metadata.id = "random";
  const std::vector<Deed> deeds = offered_deeds(runner);
  bool steady = false;  // the first that failed did so twice in a row
  const auto property = [&] {
    // RapidCheck scales numbers by the size, which here is for the length of scripts only.
    const auto below = [](std::size_t end) {
      return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, static_cast<int>(end)));
    };
    const auto peer = *rc::gen::container<std::vector<int>>(below(8));
    const auto server =
        *rc::gen::container<std::vector<std::pair<int, int>>>(rc::gen::pair(below(6), below(deeds.size())));
    Scenario scenario = random_scenario(peer, server, deeds);
    if (!plays(scenario, runner.transport())) scenario.peer = without_resets(scenario.peer);
    Result result = runner.run(scenario);
    const auto again = [&] { return is_good(result.verdict) ? result : runner.run(scenario); };
    if (run.result && steady) {
      // What is kept has to fail when it is played again, so what failed once by chance is not smaller.
      result = again();
    } else if (run.result) {
      // This one fails only as the kernel cuts the octets, so each smaller one is given some chances.
      for (int chances = 4; is_good(result.verdict) && chances > 0; --chances) result = runner.run(scenario);
    } else if (!is_good(result.verdict)) {
      steady = !is_good(again().verdict);
    }
    if (is_good(result.verdict)) return;
    // The last one that fails while it is made smaller is the smallest.
    run.smallest = std::move(scenario);
    run.result = std::move(result);
    RC_FAIL("a rule is broken");
  };
  // Not by its own listener and configuration, which talk on the standard error.
  CaseCount count_of_cases;
  static_cast<void>(rc::detail::checkTestable(property, metadata, params, count_of_cases,
                                              std::unordered_map<std::string, rc::detail::Reproduce>{}));
  run.tried = count_of_cases.cases;
  if (run.result) run.result->smallest = run.smallest;
  return run;
}

}  // namespace antiphon::conformance
