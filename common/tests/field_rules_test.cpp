#include "field_rules.hpp"

#include <gtest/gtest.h>

namespace antiphon::http {
namespace {

TEST(field_rules, the_target_s_form_fits_the_method_RFC_9112_3_2) {
  EXPECT_TRUE(target_fits_method("/", "GET"));
  EXPECT_TRUE(target_fits_method("http://a/", "GET"));
  EXPECT_TRUE(target_fits_method("*", "OPTIONS"));
  EXPECT_TRUE(target_fits_method("a:443", "CONNECT"));
  EXPECT_FALSE(target_fits_method("*", "GET"));
  EXPECT_FALSE(target_fits_method("a:443", "GET"));
  EXPECT_FALSE(target_fits_method("/", "CONNECT"));
  EXPECT_FALSE(target_fits_method("ftp://a/", "GET"));
}

TEST(field_rules, white_space_around_a_value_does_not_count) {
  EXPECT_EQ(trim_white_space(" \ta b\t "), "a b");
  EXPECT_EQ(trim_white_space(" \t "), "");
}

TEST(field_rules, a_body_is_invited_only_if_there_is_one) {
  MessageHead head;
  FramingRules without;
  ASSERT_TRUE(without.field("Host", "a").reason.empty());
  ASSERT_TRUE(without.field("Expect", "100-Continue").reason.empty());
  ASSERT_TRUE(without.complete(head, 100).reason.empty());
  EXPECT_FALSE(head.expects_continue);
  FramingRules with = without;
  ASSERT_TRUE(with.field("content-length", "7").reason.empty());
  ASSERT_TRUE(with.complete(head, 100).reason.empty());
  EXPECT_TRUE(head.expects_continue);
  EXPECT_EQ(head.content_length, 7U);
}

}  // namespace
}  // namespace antiphon::http
