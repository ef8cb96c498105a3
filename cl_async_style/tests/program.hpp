#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <antiphon/test_support/program.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace antiphon::cl_async_style::test {

/// A running example.
class program : public test_support::Program {
 public:
  explicit program(const std::string& name, const std::vector<std::string>& args = {"0"})
      : test_support::Program(words(name, args)), listening_(line()) {}

  [[nodiscard]] const std::string& listening() const noexcept { return listening_; }
  [[nodiscard]] std::uint16_t port() const {
    EXPECT_THAT(listening_, testing::MatchesRegex("listening on (http://)?127.0.0.1:[0-9]+"));
    return static_cast<std::uint16_t>(std::stoi(listening_.substr(listening_.rfind(':') + 1)));
  }

 private:
  static std::vector<std::string> words(const std::string& name, const std::vector<std::string>& args) {
    std::vector<std::string> all{EXAMPLES "/cl_async_style_" + name};
    all.insert(all.end(), args.begin(), args.end());
    return all;
  }

  std::string listening_;
};

}  // namespace antiphon::cl_async_style::test
