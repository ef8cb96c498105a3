#include "run.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#include "checker.hpp"
#include "rules.hpp"

namespace antiphon::conformance {

namespace {

constexpr std::array verdict_names{
    std::pair(Verdict::pass, "pass"),       std::pair(Verdict::warn, "warn"),
    std::pair(Verdict::differs, "differs"), std::pair(Verdict::not_offered, "not-offered"),
    std::pair(Verdict::fail, "fail"),       std::pair(Verdict::flaky, "flaky"),
    std::pair(Verdict::stale, "stale"),     std::pair(Verdict::harness_error, "harness-error")};

// A program that fails so often before its hello, or for so long in a row, is not tried any more.
constexpr int most_failed_starts = 3;
constexpr std::chrono::seconds longest_failing{30};
// Of scenarios in a row in which peers waited in vain for one that told of no connection.
constexpr int most_mute = 3;

std::ptrdiff_t count(const Trace& trace, std::string_view kind) {
  return std::count_if(trace.begin(), trace.end(), [&](const Event& event) { return event.kind == kind; });
}

bool all_lost(const Trace& trace) {
  return count(trace, "CL") >= count(trace, "CM");
}

/// What a scenario wants to find at the path: the socket file of a server that is gone, or some other file.
void put_before(const std::string& what, const std::string& path) {
  ::unlink(path.c_str());
  if (what == "file") std::ofstream(path) << "somebody else's\n";
  if (what != "stale-socket") return;
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::strncpy(where.sun_path, path.c_str(), sizeof(where.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0)
    throw HarnessError("cannot bind " + path);
  ::close(fd);
}

}  // namespace

std::string_view name_of(Verdict verdict) noexcept {
  for (const auto& [each, name] : verdict_names)
    if (each == verdict) return name;
  return "?";
}

bool is_good(Verdict verdict) noexcept {
  return verdict <= Verdict::not_offered;
}

TargetRunner::TargetRunner(std::string name, const Data& data, std::chrono::milliseconds limit)
    : name_(std::move(name)), target_name_(parse_target(name_)), data_(data), limit_(limit) {
  ::signal(SIGPIPE, SIG_IGN);  // the peer's OpenSSL and an adapter's pipe tell by an error instead
}
TargetRunner::~TargetRunner() = default;

void TargetRunner::ensure_started() {
  if (target_) return;
  if (failed_starts_ >= most_failed_starts)
    throw HarnessError("not tried: it failed to start " + std::to_string(failed_starts_) + " times in a row");
  if (mute_ >= most_mute) throw HarnessError("not tried: it tells of no connection");
  if (failing_ >= longest_failing)
    throw HarnessError("not tried: it failed for " + std::to_string(longest_failing.count()) + " s in a row");
  ++failed_starts_;
  target_ = make_target(target_name_.base, data_, log_);
  hello_ = target_->hello();
  failed_starts_ = 0;
}

const Hello& TargetRunner::hello() {
  if (!hello_) ensure_started();
  return *hello_;
}

void TargetRunner::abort_open(const Trace& trace) {
  for (const Event& event : trace) {
    if (event.kind != "CM" || std::any_of(trace.begin(), trace.end(), [&](const Event& other) {
          return other.kind == "CL" && other.connection == event.connection;
        }))
      continue;
    const Actions abort = Json::array({Json::array({"abort"})});
    log_.add({"act", event.connection, -1, {{"do", abort}}});
    target_->act(event.connection, abort);
  }
}

void TargetRunner::play(const Scenario& scenario, Result& result) {
  log_.clear();
  const Where where = workplace_.where(transport());
  if (!where.path.empty()) put_before(scenario.before, where.path);
  Run run{scenario, result.trace, result.peer, transport(), "", true};
  try {
    const Endpoint endpoint = target_->listen(scenario.server, where);
    try {
      run_peer(steps_for(transport(), scenario.peer), {*target_, log_, endpoint, limit_}, result.peer);
    } catch (const HarnessError& error) {
      result.message = error.what();  // the trace says why, so the run goes on to its end
      run.reached_end = false;
    }
    if (scenario.steps("stop_loop")) {
      target_.reset();  // it has ended
    } else {
      // A peer that waited in vain shows what is missing; an abort by the kit must not make it good.
      if (!run.reached_end) result.trace = result.peer.seen_at_hang;
      if (scenario.abort_at_end || !run.reached_end) abort_open(log_.trace());
      log_.wait(all_lost, limit_);
      target_->stop();
      target_->drain();
    }
    if (run.reached_end) result.trace = log_.trace();
    if (target_ && !all_lost(log_.trace())) {  // for the next scenario nothing may be left
      abort_open(log_.trace());
      target_->drain();
    }
  } catch (const ListenError& error) {
    run.refused = error.kind;
    result.trace = log_.trace();
  }
  // CPython 3.11 listens again a second after it could open nothing (AS-048), whatever it has closed
  // meanwhile: so an adapter, whichever it is, begins anew.
  if (target_ && target_->process() != 0 && scenario.steps("limit_descriptors")) target_.reset();
  const bool foreign = target_name_.base.starts_with("exec:");
  const bool was_let_in = std::any_of(result.peer.steps.begin(), result.peer.steps.end(),
                                      [](const Json& done) { return done["step"][0] == "connect"; });
  if (foreign && result.peer.refused && !was_let_in && count(result.trace, "CM") == 0)
    throw HarnessError("the adapter says that it listens, but nobody does there: " + result.message);
  mute_ = run.reached_end || scenario.peer.empty() || count(result.trace, "CM") > 0 ? 0 : mute_ + 1;
  if (mute_ >= most_mute && foreign)
    throw HarnessError("it tells of no connection, though the peer made one in " + std::to_string(mute_) +
                       " scenarios in a row: " + result.message);
  const auto violation = check(run, result.exercised);
  result.verdict = result.message.empty() ? Verdict::pass : Verdict::harness_error;
  if (!violation) return;
  const Rule* rule = find_rule(violation->rule);
  result.verdict = rule != nullptr && rule->level == Level::should ? Verdict::warn : Verdict::fail;
  result.rule = violation->rule;
  result.message = violation->message + (result.message.empty() ? "" : " (" + result.message + ")");
  result.marked = violation->event;
  result.expected = violation->expected;
}

void TargetRunner::declare(const Scenario& scenario, Result& result) const {
  for (const Difference& each : data_.differences) {
    if (!each.fits(name_, scenario.name) || (!each.rule.empty() && each.rule != result.rule)) continue;
    if (result.verdict == Verdict::fail || result.verdict == Verdict::warn) {
      result.verdict = Verdict::differs;
      result.reason = each.reason;
    } else if (result.verdict == Verdict::pass && !each.sometimes && each.names_one()) {
      result.verdict = Verdict::stale;
      result.reason = each.reason;
      result.message = "declared to differ, but it passes: remove the declaration";
    }
  }
}

Result TargetRunner::judge(const Scenario& scenario) {
  Result result;
  result.target = name_;
  result.scenario = scenario.name;
  const auto begun = std::chrono::steady_clock::now();
  try {
    ensure_started();
    const auto missing = std::find_if_not(scenario.needs.begin(), scenario.needs.end(),
                                          [&](const std::string& need) { return hello_->has(need); });
    if (missing != scenario.needs.end() || !hello_->has(transport())) {
      result.verdict = Verdict::not_offered;
      result.message = "needs " + (hello_->has(transport()) ? *missing : transport());
      return result;
    }
    play(scenario, result);
  } catch (const NotOffered& lacking) {
    result.verdict = Verdict::not_offered;
    result.message = std::string("the adapter does not know ") + lacking.what();
  } catch (const std::exception& error) {
    result.verdict = Verdict::harness_error;
    result.message = error.what();
    result.trace = log_.trace();
    target_.reset();  // it is in an unknown state: the next scenario gets a new one
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
  result.duration_ms = took.count();
  if (result.verdict == Verdict::harness_error)
    failing_ += std::chrono::duration_cast<std::chrono::milliseconds>(took);
  else
    failing_ = {};
  return result;
}

Result TargetRunner::run(const Scenario& scenario) {
  Result result = judge(scenario);
  declare(scenario, result);
  return result;
}

Result TargetRunner::run(const Scenario& scenario, int times) {
  Result first = run(scenario);
  for (int i = 1; i < times; ++i) {
    Result other = run(scenario);
    if (other.verdict == first.verdict) continue;
    if (!is_good(other.verdict) || is_good(first.verdict)) std::swap(first, other);
    first.message = "flaky: in run " + std::to_string(i + 1) + " of " + std::to_string(times) +
                    " the verdict was " + std::string(name_of(first.verdict)) + ", not " +
                    std::string(name_of(other.verdict)) + "; " + first.message;
    first.verdict = Verdict::flaky;
    break;
  }
  return first;
}

std::string explain(const Result& result) {
  std::string text = result.target + " " + result.scenario + ": " + std::string(name_of(result.verdict));
  if (!result.message.empty()) text += "\n  " + result.message;
  if (!result.reason.empty()) text += "\n  declared: " + result.reason;
  if (result.verdict == Verdict::pass || result.verdict == Verdict::not_offered) return text + "\n";
  Trace trace = result.trace;
  if (result.marked < trace.size())
    trace.resize(result.marked + 1);  // the shortest part that breaks the rule
  text += "\n  trace:\n" + render(trace, result.marked);
  if (!result.expected.empty()) text += "  expected: " + result.expected + "\n";
  text += "  peer:\n";
  for (const Json& step : result.peer.steps) text += "      " + step.dump() + "\n";
  if (result.smallest)
    text += "  the smallest script that was found to fail, as a scenario to keep:\n      " +
            to_json(*result.smallest).dump() +
            "\n  to play it again, with that line in FILE: antiphon conform --target '" + result.target +
            "' --scenario-file FILE\n";
  return text;
}

}  // namespace antiphon::conformance
