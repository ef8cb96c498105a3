#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data.hpp"
#include "leftovers.hpp"
#include "peer.hpp"
#include "scenario.hpp"
#include "target.hpp"
#include "verdict.hpp"

namespace antiphon::conformance {

struct Result {
  std::string target;
  std::string scenario;
  Verdict verdict = Verdict::harness_error;
  std::vector<std::string> exercised;  ///< rules that were put to the test
  std::string rule;                    ///< the broken one
  std::string message;
  std::string expected;  ///< instead of the marked event
  std::string reason;    ///< of a declared difference
  double duration_ms = 0;
  Trace trace;
  std::size_t marked = static_cast<std::size_t>(-1);
  PeerRecord peer;
  std::optional<Scenario> smallest;  ///< of a tier whose scripts nobody wrote: what failed, to keep
};

/// A folder of its own below the system's, with a certificate made for this run, removed at the end.
class Workplace {
 public:
  [[nodiscard]] Where where(const std::string& transport) const;

 private:
  NotedFolder folder_;
};

/// A target by name, started when it is first used, and again after it failed.
class TargetRunner {
 public:
  TargetRunner(std::string name, const Data& data, std::chrono::milliseconds limit = hang_limit);
  TargetRunner(const TargetRunner&) = delete;
  TargetRunner& operator=(const TargetRunner&) = delete;
  ~TargetRunner();

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& transport() const noexcept { return target_name_.transport; }
  [[nodiscard]] const Hello& hello();
  /// Never throws: what goes wrong is in the result.
  [[nodiscard]] Result run(const Scenario& scenario);
  /// So many times; flaky if the verdicts are not the same.
  [[nodiscard]] Result run(const Scenario& scenario, int times);
  /// Without regard to declared differences.
  [[nodiscard]] Result judge(const Scenario& scenario);

 private:
  void ensure_started();
  void play(const Scenario& scenario, Result& result);
  void abort_open(const Trace& trace);
  void declare(const Scenario& scenario, Result& result) const;

  std::string name_;
  TargetName target_name_;
  const Data& data_;
  std::chrono::milliseconds limit_;
  Workplace workplace_;
  EventLog log_;
  std::unique_ptr<Target> target_;
  std::optional<Hello> hello_;
  int failed_starts_ = 0;                 // in a row
  int mute_ = 0;                          // see run.cpp
  std::chrono::milliseconds failing_{0};  // harness errors in a row took so long
};

/// For people: the verdict, the message and, unless all is well, the shortest part of the trace that breaks
/// the rule, what was expected, and what the peer did.
[[nodiscard]] std::string explain(const Result& result);

}  // namespace antiphon::conformance
