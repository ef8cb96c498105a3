#include "field_rules.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "antiphon/http/headers.hpp"

namespace antiphon::http {
namespace {

/// What a head of these fields comes to.
struct Verdict {
  ParseError error;
  MessageHead head;
};
Verdict judge(std::initializer_list<Field> fields, unsigned minor = 1, std::string_view method = "POST") {
  FramingRules rules;
  Verdict verdict;
  verdict.head.method = method;
  verdict.head.version_minor = minor;
  if (minor >= 1) verdict.error = rules.field("Host", "a");
  for (const Field& field : fields)
    if (!failed(verdict.error)) verdict.error = rules.field(field.name, field.value);
  if (!failed(verdict.error)) verdict.error = rules.complete(verdict.head, 100);
  return verdict;
}
unsigned status(std::initializer_list<Field> fields, unsigned minor = 1) {
  const Verdict verdict = judge(fields, minor);
  return failed(verdict.error) ? verdict.error.status : 200;
}

TEST(field_rules, white_space_around_a_value_does_not_count) {
  EXPECT_EQ(trim_white_space(" \ta b\t "), "a b");
  EXPECT_EQ(trim_white_space(" \t "), "");
}

TEST(field_rules, a_name_is_a_token_and_a_value_has_no_control_octets_RFC_9110_5) {
  EXPECT_FALSE(failed(check_field("X-A!#$%&'*+.^_`|~1", "a b\tc\x80\xff")));
  for (const char* name : {"", "a b", "a(", "a:", "a\"", "\xe9", "a\x7f", "a/"})
    EXPECT_TRUE(failed(check_field(name, "v"))) << name;
  for (const char octet : {'\r', '\n', '\0', '\x01', '\x0b', '\x1f', '\x7f'})
    EXPECT_TRUE(failed(check_field("n", std::string_view(&octet, 1)))) << static_cast<int>(octet);
}

TEST(field_rules, a_body_is_invited_only_if_there_is_one) {
  EXPECT_FALSE(judge({{"Expect", "100-Continue"}}).head.expects_continue);
  const Verdict with = judge({{"Expect", "100-Continue"}, {"content-length", "7"}});
  EXPECT_TRUE(with.head.expects_continue);
  EXPECT_EQ(with.head.content_length, 7U);
  EXPECT_FALSE(judge({{"Expect", "100-continue"}, {"content-length", "7"}}, 0).head.expects_continue);
}

TEST(field_rules, an_expectation_that_nobody_knows_is_417_but_not_in_HTTP_1_0_RFC_9110_10_1_1) {
  EXPECT_EQ(status({{"Expect", "200-ok"}}), 417U);
  EXPECT_EQ(status({{"Expect", "100-continue, x=y"}}), 417U);
  EXPECT_EQ(status({{"Expect", "100-continue, "}}), 200U);
  EXPECT_EQ(status({{"Expect", "200-ok"}}, 0), 200U);
}

TEST(field_rules, a_content_length_is_one_number_RFC_9112_6_3) {
  EXPECT_EQ(judge({{"Content-Length", "007"}}).head.content_length, 7U);
  for (const char* bad : {"", "+1", "-1", "1, 1", "1,1", "0x1", "1.0", "1 1", "one", "1;"})
    EXPECT_EQ(status({{"Content-Length", bad}}), 400U) << bad;
  EXPECT_EQ(status({{"Content-Length", "1"}, {"Content-Length", "1"}}), 400U);
  EXPECT_EQ(status({{"Content-Length", "101"}}), 413U);
  EXPECT_EQ(status({{"Content-Length", "18446744073709551616"}}), 413U);
}

TEST(field_rules, only_chunked_frames_and_only_as_the_last_coding_RFC_9112_6_1) {
  EXPECT_FALSE(judge({{"Transfer-Encoding", "chunked"}}).head.content_length);
  EXPECT_EQ(status({{"Transfer-Encoding", " , CHUNKED ,"}}), 200U) << "empty elements do not count";
  EXPECT_EQ(status({{"Transfer-Encoding", "gzip, chunked"}}), 501U);
  EXPECT_EQ(status({{"Transfer-Encoding", "gzip"}, {"Transfer-Encoding", "chunked"}}), 501U);
  EXPECT_EQ(status({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}), 400U);
  for (const char* bad :
       {"", "gzip", "identity", "xchunked", "chunked, gzip", "chunked, chunked", "chunked;q=1"})
    EXPECT_EQ(status({{"Transfer-Encoding", bad}}), 400U) << bad;
  EXPECT_EQ(status({{"Transfer-Encoding", "chunked"}}, 0), 400U);
  EXPECT_EQ(status({{"Transfer-Encoding", "chunked"}, {"Content-Length", "1"}}), 400U);
}

TEST(field_rules, persistence_is_the_versions_default_but_for_what_Connection_says_RFC_9112_9_3) {
  EXPECT_TRUE(judge({}).head.keep_alive);
  EXPECT_FALSE(judge({}, 0).head.keep_alive);
  EXPECT_TRUE(judge({{"Connection", "Keep-Alive"}}, 0).head.keep_alive);
  EXPECT_FALSE(judge({{"Connection", "x, CLOSE"}}).head.keep_alive);
  EXPECT_FALSE(judge({{"Connection", "close"}, {"Connection", "keep-alive"}}).head.keep_alive);
  EXPECT_FALSE(judge({{"Connection", "keep-alive, close"}}, 0).head.keep_alive);
  EXPECT_TRUE(judge({{"Connection", "closed"}}).head.keep_alive);
}

TEST(field_rules, CONNECT_is_not_implemented_RFC_9110_9_3_6) {
  EXPECT_EQ(judge({}, 1, "CONNECT").error.status, 501U);
}

}  // namespace
}  // namespace antiphon::http
