#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace antiphon::test_support {

/// A program that runs beside the test, with what it prints; killed with the object, if it has not ended.
class Program {
 public:
  /// What it prints as errors: where the test's own go, or among its lines.
  enum class Errors { apart, among_the_lines };
  /// `words`: its path and its arguments. std::runtime_error if there is no such program.
  explicit Program(std::vector<std::string> words, Errors errors = Errors::apart);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// The next one that it prints, without its end; what there is if it has ended.
  [[nodiscard]] std::string line() const;
  void signal(int number) const;
  /// Waits for its end. The negative number of the signal that ended it, if one did.
  [[nodiscard]] int exit_status();

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

}  // namespace antiphon::test_support
