#include "run.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sstream>

#include "checker.hpp"

#ifndef ANTIPHON_PYTHON
#define ANTIPHON_PYTHON "python3"
#endif

namespace antiphon::conformance {

namespace {

constexpr std::array verdict_names{std::pair(Verdict::pass, "pass"),
                                   std::pair(Verdict::fail, "fail"),
                                   std::pair(Verdict::differs, "differs"),
                                   std::pair(Verdict::stale, "stale"),
                                   std::pair(Verdict::not_offered, "not-offered"),
                                   std::pair(Verdict::harness_error, "harness-error")};

std::ptrdiff_t count(const Trace& trace, std::string_view kind) {
  return std::count_if(trace.begin(), trace.end(), [&](const Event& event) { return event.kind == kind; });
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> split;
  for (std::string word; in >> word;) split.push_back(word);
  return split;
}

}  // namespace

std::string_view name_of(Verdict verdict) noexcept {
  for (const auto& [each, name] : verdict_names)
    if (each == verdict) return name;
  return "?";
}

bool is_good(Verdict verdict) noexcept {
  return verdict == Verdict::pass || verdict == Verdict::differs || verdict == Verdict::not_offered;
}

std::vector<Difference> load_differences(const std::filesystem::path& file) {
  try {
    std::ifstream in(file);
    if (!in) throw std::invalid_argument("cannot be read");
    std::vector<Difference> differences;
    for (const Json& each : Json::parse(in))
      differences.push_back(
          {each.at("target"), each.at("scenario"), each.at("reason"), each.value("sometimes", false)});
    return differences;
  } catch (const std::exception& error) {
    throw std::invalid_argument(file.string() + ": " + error.what());
  }
}

Data load_data(const std::filesystem::path& folder) {
  return {load_scenarios(folder / "scenarios"), load_differences(folder / "differences.json"),
          folder / "adapters"};
}

std::filesystem::path default_data_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "share" / "antiphon";
}

const std::vector<std::string>& known_targets() {
  static const std::vector<std::string> names{"asio_style", "cl_async_style", "asyncio", "uvloop"};
  return names;
}

TargetRunner::TargetRunner(std::string name, const Data& data) : name_(std::move(name)), data_(data) {}
TargetRunner::~TargetRunner() = default;

void TargetRunner::ensure_started() {
  if (target_) return;
  const std::string adapter = (data_.adapters / "asyncio_adapter.py").string();
  if (name_ == "asio_style")
    target_ = make_asio_style_target(log_);
  else if (name_ == "cl_async_style")
    target_ = make_cl_async_style_target(log_);
  else if (name_ == "asyncio")
    target_ = make_exec_target(log_, {ANTIPHON_PYTHON, adapter, "--loop", "asyncio"});
  else if (name_ == "uvloop")
    target_ = make_exec_target(log_, {ANTIPHON_PYTHON, adapter, "--loop", "uvloop"});
  else if (name_.starts_with("exec:"))
    target_ = make_exec_target(log_, words(name_.substr(5)));
  else
    throw HarnessError("unknown target '" + name_ + "'");
  hello_ = target_->hello();
}

const Hello& TargetRunner::hello() {
  ensure_started();
  return *hello_;
}

void TargetRunner::play(const Scenario& scenario, Result& result) {
  log_.clear();
  const std::uint16_t port = target_->listen(scenario.server);
  try {
    run_peer(scenario.peer, port, log_, result.peer);
  } catch (const HarnessError& error) {
    result.message = error.what();  // the trace says why, so the run goes on to its end
  }
  const auto all_lost = [](const Trace& trace) { return count(trace, "CL") >= count(trace, "CM"); };
  if (scenario.abort_at_end || !result.message.empty()) {
    const Trace now = log_.trace();
    for (const Event& event : now)
      if (event.kind == "CM" && std::none_of(now.begin(), now.end(), [&](const Event& other) {
            return other.kind == "CL" && other.connection == event.connection;
          }))
        target_->act(event.connection, Json::array({Json::array({"abort"})}));
  }
  log_.wait(all_lost, hang_limit);
  target_->stop();
  target_->drain();
  result.trace = log_.trace();
  for (const Event& event : result.trace) {  // for the next scenario nothing may be left
    if (all_lost(result.trace)) break;
    if (event.kind == "CM") target_->act(event.connection, Json::array({Json::array({"abort"})}));
  }
}

Result TargetRunner::run(const Scenario& scenario) {
  Result result;
  result.target = name_;
  result.scenario = scenario.name;
  const auto begun = std::chrono::steady_clock::now();
  try {
    ensure_started();
    const auto missing =
        std::find_if(scenario.needs.begin(), scenario.needs.end(), [&](const std::string& need) {
          return std::find(hello_->offers.begin(), hello_->offers.end(), need) == hello_->offers.end();
        });
    if (missing != scenario.needs.end()) {
      result.verdict = Verdict::not_offered;
      result.message = "needs " + *missing;
      return result;
    }
    play(scenario, result);
    const auto violation = check(scenario, result.trace, result.peer, result.exercised);
    result.verdict = violation                ? Verdict::fail
                     : result.message.empty() ? Verdict::pass
                                              : Verdict::harness_error;
    if (violation) {
      result.rule = violation->rule;
      result.message = violation->message + (result.message.empty() ? "" : " (" + result.message + ")");
      result.marked = violation->event;
    }
  } catch (const std::exception& error) {
    result.verdict = Verdict::harness_error;
    result.message = error.what();
    result.trace = log_.trace();
    target_.reset();  // it is in an unknown state: the next scenario gets a new one
  }
  for (const Difference& each : data_.differences) {
    if (each.target != name_ || each.scenario != scenario.name) continue;
    result.reason = each.reason;
    if (result.verdict == Verdict::fail)
      result.verdict = Verdict::differs;
    else if (result.verdict == Verdict::pass && !each.sometimes)
      result.verdict = Verdict::stale;
  }
  if (result.verdict == Verdict::stale)
    result.message = "declared to differ, but it passes: remove the declaration";
  result.duration_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  return result;
}

std::string explain(const Result& result) {
  std::string text = result.target + " " + result.scenario + ": " + std::string(name_of(result.verdict));
  if (!result.message.empty()) text += "\n  " + result.message;
  if (!result.reason.empty()) text += "\n  declared: " + result.reason;
  if (result.verdict == Verdict::pass || result.verdict == Verdict::not_offered) return text + "\n";
  text += "\n  trace:\n" + render(result.trace, result.marked) + "  peer:\n";
  for (const Json& step : result.peer.steps) text += "      " + step.dump() + "\n";
  return text;
}

}  // namespace antiphon::conformance
