#include "interleave.hpp"

#include <gmock/gmock.h>

#include <string>

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;

struct Named {
  int family;
  std::string name;
  bool operator==(const Named&) const = default;
};

std::vector<std::string> mixed(std::vector<Named> addresses, int first_family) {
  std::vector<std::string> names;
  for (const auto& one : detail::interleave(std::move(addresses), first_family)) names.push_back(one.name);
  return names;
}

const std::vector<Named> four_and_two = {{6, "6a"}, {6, "6b"}, {6, "6c"}, {4, "4a"}, {6, "6d"}, {4, "4b"}};

TEST(interleaving, families_take_turns_and_keep_their_order_AS_092) {
  EXPECT_THAT(mixed(four_and_two, 1), ElementsAre("6a", "4a", "6b", "4b", "6c", "6d"));
}

TEST(interleaving, so_many_of_the_first_family_come_first_AS_092) {
  EXPECT_THAT(mixed(four_and_two, 2), ElementsAre("6a", "6b", "4a", "6c", "4b", "6d"));
  EXPECT_THAT(mixed(four_and_two, 9), ElementsAre("6a", "6b", "6c", "6d", "4a", "4b"));
}

TEST(interleaving, one_family_or_none_stays_as_it_is_AS_092) {
  EXPECT_THAT(mixed({{4, "a"}, {4, "b"}}, 1), ElementsAre("a", "b"));
  EXPECT_TRUE(mixed({}, 1).empty());
}

}  // namespace
}  // namespace antiphon::asio_style::test
