// Each case of the suite on each style, as a test of its own: http.asio.a_plain_request_is_answered

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "http_case.hpp"
#include "http_run.hpp"
#include "http_servers.hpp"

namespace {

using namespace antiphon::http_conformance;

/// Cut into single octets, a long case would only be slow.
constexpr std::size_t cut_at_most = 3'000;

std::size_t octets_of(const HttpCase& one) {
  std::size_t sum = 0;
  for (const Step& step : one.steps)
    if (const auto* send = std::get_if<Send>(&step)) sum += unescape(send->text).size();
  return sum;
}

class CaseTest : public testing::Test {
 public:
  CaseTest(std::string target, const HttpCase& one) : target_(std::move(target)), case_(one) {}

  void TestBody() override {
    const auto server = start_server(target_, case_.short_limits ? Limits::short_ones : Limits::usual,
                                     ANTIPHON_HTTP_DIR "/peers");
    EXPECT_EQ(run_case(case_, server->address()), "") << to_text(case_) << "RFC " << case_.rfc;
    if (case_.short_limits || octets_of(case_) > cut_at_most) return;
    EXPECT_EQ(run_case(case_, server->address(), Cutting::octet_by_octet), "")
        << "octet by octet:\n"
        << to_text(case_) << "RFC " << case_.rfc;
  }

 private:
  std::string target_;
  const HttpCase& case_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::vector<HttpCase> cases = load_cases(ANTIPHON_HTTP_DIR "/cases");
  for (const std::string target : {"asio", "cl-async"}) {
    const std::string suite = target == "asio" ? "asio" : "cl_async";  // a filter cannot have a '-'
    for (const HttpCase& one : cases)
      testing::RegisterTest(suite.c_str(), one.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [target, &one]() -> CaseTest* { return new CaseTest(target, one); });
  }
  return RUN_ALL_TESTS();
}
