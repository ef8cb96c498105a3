// Each case of the suite on each style, as a test of its own: http.asio.a_plain_request_is_answered

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "http_case.hpp"
#include "http_diff.hpp"
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
    ServersUnderTest servers(target_, ANTIPHON_HTTP_DIR "/peers");
    const Address& server = servers.address(case_);
    EXPECT_EQ(run_case(case_, server), "") << to_text(case_) << "RFC " << case_.rfc;
    const bool waits = case_.limits == Limits::short_ones || case_.limits == Limits::patient_ones;
    if (waits || octets_of(case_) > cut_at_most) return;
    EXPECT_EQ(run_case(case_, server, Cutting::octet_by_octet), "") << "octet by octet:\n"
                                                                    << to_text(case_) << "RFC " << case_.rfc;
  }

 private:
  std::string target_;
  const HttpCase& case_;
};

class over_tls : public testing::TestWithParam<const char*> {};

TEST_P(over_tls, every_case_is_passed) {
  ServersUnderTest servers(GetParam(), ANTIPHON_HTTP_DIR "/peers");
  std::size_t asked = 0;
  for (const HttpCase& one : load_cases(ANTIPHON_HTTP_DIR "/cases")) {
    if (!servers.can_be_asked(one)) continue;
    EXPECT_EQ(run_case(one, servers.address(one)), "") << to_text(one);
    ++asked;
  }
  EXPECT_GE(asked, 470U);
}
INSTANTIATE_TEST_SUITE_P(styles, over_tls, testing::Values("asio-tls", "cl-async-tls"), [](const auto& each) {
  return std::string(each.param) == "asio-tls" ? "asio" : "cl_async";
});

// The whole count is `antiphon http-diff --streams 100000`.
TEST(differential, both_styles_answer_the_same_octets_with_the_same_octets) {
  const auto first = start_server("asio", Limits::usual, ANTIPHON_HTTP_DIR "/peers");
  const auto second = start_server("cl-async", Limits::usual, ANTIPHON_HTTP_DIR "/peers");
  const auto difference = compare_servers(first->address(), second->address(), 2'000, 7);
  EXPECT_FALSE(difference) << to_case(*difference);
}

TEST(differential, a_difference_is_found_and_shrunk_to_a_case) {
  // Servers that differ in their limits: the longer target is refused by one of them.
  const auto usual = start_server("asio", Limits::usual, ANTIPHON_HTTP_DIR "/peers");
  const auto hasty = start_server("asio", Limits::small_ones, ANTIPHON_HTTP_DIR "/peers");
  const auto difference = compare_servers(usual->address(), hasty->address(), 2'000, 7);
  ASSERT_TRUE(difference);
  std::size_t octets = 0;
  for (const std::string& piece : difference->pieces) octets += piece.size();
  EXPECT_LE(octets, 120U) << to_case(*difference);
  const auto kept = parse_cases(to_case(*difference), "kept");
  ASSERT_EQ(kept.size(), 1U);
  std::string again;
  for (const Step& step : kept.front().steps)
    if (const auto* send = std::get_if<Send>(&step)) again += unescape(send->text);
  EXPECT_EQ(again.size(), octets) << "it can be read again";
}

TEST(cases, are_many_and_each_can_be_read) {
  const auto cases = load_cases(ANTIPHON_HTTP_DIR "/cases");
  EXPECT_GE(cases.size(), 480U);
  for (const HttpCase& one : cases) {
    EXPECT_NO_THROW(octets_of(one)) << one.name;
    EXPECT_FALSE(one.steps.empty()) << one.name;
    const bool expects = std::any_of(one.steps.begin(), one.steps.end(),
                                     [](const Step& step) { return std::holds_alternative<Expect>(step); });
    EXPECT_TRUE(expects) << one.name << " demands nothing";
  }
}

TEST(cases, one_written_as_text_is_the_same_when_it_is_read_again) {
  for (const HttpCase& one : load_cases(ANTIPHON_HTTP_DIR "/cases")) {
    const auto again = parse_cases(to_text(one), "again");
    ASSERT_EQ(again.size(), 1U) << to_text(one);
    EXPECT_EQ(to_text(again.front()), to_text(one));
    EXPECT_EQ(again.front().limits, one.limits) << one.name;
  }
}

TEST(cases, a_malformed_one_is_named_with_file_and_line) {
  for (const char* bad :
       {"> early", "[x] 1\n< abc", "[x] 1\n= A: b", "[x 1", "[x] 1\nwhat", "[x] 1\n< 200 by chance"}) {
    try {
      parse_cases(bad, "bad.txt");
      ADD_FAILURE() << bad;
    } catch (const CaseError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("bad.txt:")) << error.what();
    }
  }
}

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
