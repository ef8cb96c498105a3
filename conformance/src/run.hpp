#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "peer.hpp"
#include "scenario.hpp"
#include "target.hpp"

namespace antiphon::conformance {

enum class Verdict {
  pass,
  fail,
  differs,        ///< a declared difference, which still differs
  stale,          ///< a declared difference that passes: the declaration must go
  not_offered,    ///< the target does not offer what the scenario needs
  harness_error,  ///< the kit or an adapter failed
};
[[nodiscard]] std::string_view name_of(Verdict verdict) noexcept;
/// Pass, differs and not offered do not fail a run.
[[nodiscard]] bool is_good(Verdict verdict) noexcept;

struct Result {
  std::string target;
  std::string scenario;
  Verdict verdict = Verdict::harness_error;
  std::vector<std::string> exercised;  ///< rules that were put to the test
  std::string rule;                    ///< the broken one
  std::string message;
  std::string reason;  ///< of a declared difference
  double duration_ms = 0;
  Trace trace;
  std::size_t marked = static_cast<std::size_t>(-1);
  PeerRecord peer;
};

/// Where a target is known to behave otherwise, and why.
struct Difference {
  std::string target;
  std::string scenario;
  std::string reason;
  bool sometimes = false;  ///< not in every run, so that passing does not make the declaration stale
};
[[nodiscard]] std::vector<Difference> load_differences(const std::filesystem::path& file);

/// The data that the kit needs at run time: scenarios, differences, adapters.
struct Data {
  std::vector<Scenario> scenarios;
  std::vector<Difference> differences;
  std::filesystem::path adapters;
};
/// From a folder that has scenarios/, differences.json and adapters/. Throws std::invalid_argument naming the
/// file.
[[nodiscard]] Data load_data(const std::filesystem::path& folder);
/// The folder belonging to the running program: ../share/antiphon beside its own.
[[nodiscard]] std::filesystem::path default_data_folder();

/// A target by name, started when it is first used: asio_style, cl_async_style, asyncio, uvloop, or
/// exec:COMMAND.
class TargetRunner {
 public:
  TargetRunner(std::string name, const Data& data);
  TargetRunner(const TargetRunner&) = delete;
  TargetRunner& operator=(const TargetRunner&) = delete;
  ~TargetRunner();

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Hello& hello();
  /// Never throws: what goes wrong is in the result.
  [[nodiscard]] Result run(const Scenario& scenario);

 private:
  void ensure_started();
  void play(const Scenario& scenario, Result& result);

  std::string name_;
  const Data& data_;
  EventLog log_;
  std::unique_ptr<Target> target_;
  std::optional<Hello> hello_;
};

[[nodiscard]] const std::vector<std::string>& known_targets();

/// For people: the verdict, the message and, unless all is well, the trace with the offending event.
[[nodiscard]] std::string explain(const Result& result);

/// What reports/ reads; see conformance/README.md for its shape.
[[nodiscard]] Json results_to_json(const std::vector<Hello>& targets, const Data& data,
                                   const std::vector<Result>& results);

}  // namespace antiphon::conformance
