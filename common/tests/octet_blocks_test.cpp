// Each rule for sixteen octets against the table of single ones: every octet at every place.

#include "octet_blocks.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace antiphon::http::blocks {
namespace {

template <typename Rule>
class octet_blocks : public testing::Test {
 public:
  /// Not of the class, and of it.
  static constexpr std::array fillers{'\0', 'a'};
};
using Rules = testing::Types<NameOctets, PathOctets, VisibleOctets, ValueOctets>;
TYPED_TEST_SUITE(octet_blocks, Rules);

TYPED_TEST(octet_blocks, say_of_every_octet_at_every_place_what_the_plain_form_says) {
  for (const char filler : this->fillers)
    for (std::size_t place = 0; place < block_size; ++place)
      for (unsigned octet = 0; octet < 256; ++octet) {
        std::array<char, block_size> block{};
        block.fill(filler);
        block.at(place) = static_cast<char>(octet);
        const unsigned want = plain_mask<TypeParam>(block.data());
        ASSERT_EQ(mask<TypeParam>(block.data()), want) << octet << " at " << place;
        ASSERT_EQ(mask<TypeParam>(block.data(), block.data() + half_size), want) << octet << " at " << place;
        ASSERT_EQ((want >> place) & 1U, TypeParam::has(static_cast<char>(octet)) ? 1U : 0U);
      }
}

TYPED_TEST(octet_blocks, find_the_first_octet_of_another_class_in_texts_of_every_length) {
  for (std::size_t size = 0; size < 50; ++size)
    for (std::size_t place = 0; place <= size; ++place)
      for (std::size_t from = 0; from <= size; ++from) {
        // Octets of its own, so that a read beside them is found by the sanitizer.
        std::string text(size, 'a');
        if (place < size) text[place] = '\0';
        ASSERT_EQ(run_end<TypeParam>(text, from), place >= from ? place : size)
            << size << " " << place << " " << from;
        ASSERT_EQ(all_of<TypeParam>(text), place == size) << size << " " << place;
      }
}

TEST(octet_blocks, the_rules_have_the_octets_that_their_names_say) {
  for (unsigned octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    EXPECT_EQ(NameOctets::has(c), plain) << octet;
    EXPECT_EQ(PathOctets::has(c), plain || c == '/') << octet;
    EXPECT_EQ(VisibleOctets::has(c), octet > 0x20 && octet < 0x7f) << octet;
    EXPECT_EQ(ValueOctets::has(c), octet == '\t' || (octet >= 0x20 && octet != 0x7f)) << octet;
  }
}

}  // namespace
}  // namespace antiphon::http::blocks
