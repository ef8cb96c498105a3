#include "trace.hpp"

#include <gtest/gtest.h>

namespace antiphon::conformance {
namespace {

TEST(trace, events_survive_JSON) {
  const Event event{"DR", 3, 7, {{"bytes", 10}, {"sum", 99}}};
  const Event back = event_from_json(to_json(event));
  EXPECT_EQ(back.kind, "DR");
  EXPECT_EQ(back.connection, 3);
  EXPECT_EQ(back.number, 7);
  EXPECT_EQ(back.count("bytes"), 10);
  EXPECT_THROW(event_from_json(Json::array()), std::invalid_argument);
  EXPECT_THROW(event_from_json({{"event", 5}}), std::invalid_argument);
}

TEST(trace, the_sum_is_the_CRC_32_of_zip) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
}

TEST(trace, the_stream_goes_on_where_it_was_left) {
  const std::string whole = stream_octets(0, 1000);
  EXPECT_EQ(whole.substr(300, 500), stream_octets(300, 500));
  EXPECT_EQ(first_difference(stream_octets(300, 500), 300), std::string_view::npos);
  std::string wrong = whole;
  wrong[600] = 'x';
  EXPECT_EQ(first_difference(wrong, 0), 600U);
}

TEST(trace, the_offending_event_is_marked) {
  const std::string text = render({{"CM", 0, 0, {}}, {"CL", 0, 1, {{"cause", "none"}}}}, 1);
  EXPECT_NE(text.find("--> CL(none)"), std::string::npos);
}

}  // namespace
}  // namespace antiphon::conformance
