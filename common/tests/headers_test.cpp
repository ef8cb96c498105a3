#include "antiphon/http/headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace antiphon::http {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines(const Headers& headers) {
  std::vector<std::string> out;
  for (const Field field : headers) out.push_back(std::string(field.name) + "=" + std::string(field.value));
  return out;
}

TEST(headers, keep_order_repeats_and_spelling_T8) {
  const Headers headers{{"B", "1"}, {"a", "2"}, {"A", "3"}};
  EXPECT_THAT(lines(headers), ElementsAre("B=1", "a=2", "A=3"));
  EXPECT_THAT(headers.get_all("A"), ElementsAre("2", "3"));
  EXPECT_EQ(headers.get("A"), "2");
  EXPECT_EQ(headers.count("a"), 2U);
  EXPECT_FALSE(headers.get("c"));
}

TEST(headers, set_replaces_all_of_a_name_and_remove_counts_them) {
  Headers headers{{"a", "1"}, {"b", "2"}, {"A", "3"}};
  headers.set("a", *headers.get("b"));
  EXPECT_THAT(lines(headers), ElementsAre("b=2", "a=2"));
  EXPECT_EQ(headers.remove("B"), 1U);
  EXPECT_EQ(headers.remove("B"), 0U);
  EXPECT_EQ(headers.size(), 1U);
}

TEST(headers, keeps_fields_of_every_size_also_when_filled_again) {
  Headers headers;
  for (const std::size_t round : {0U, 1U, 2U}) {
    headers.clear();
    for (std::size_t size = 0; size < 70; ++size)
      headers.add(std::string(size + 1, 'n'),
                  std::string(size * (round + 1), static_cast<char>('a' + round)));
    ASSERT_EQ(headers.size(), 70U);
    for (std::size_t size = 0; size < 70; ++size) {
      EXPECT_EQ(headers[size].name, std::string(size + 1, 'n'));
      EXPECT_EQ(headers[size].value, std::string(size * (round + 1), static_cast<char>('a' + round)));
    }
  }
}

TEST(headers, a_copy_stands_on_its_own) {
  Headers headers{{"name", "value"}};
  const Headers copy = headers;
  headers.clear();
  EXPECT_TRUE(headers.empty());
  EXPECT_EQ(copy.get("NAME"), "value");
}

TEST(headers, tokens_are_found_in_lists_without_case) {
  EXPECT_TRUE(has_token("close", "close"));
  EXPECT_TRUE(has_token("keep-alive,\tClose ,x", "close"));
  EXPECT_FALSE(has_token("closed, unclose", "close"));
  EXPECT_FALSE(has_token("", "close"));
}

}  // namespace
}  // namespace antiphon::http
