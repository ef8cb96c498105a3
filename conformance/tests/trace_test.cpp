#include "trace.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

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

TEST(trace, a_field_of_a_wrong_kind_is_named) {
  const std::vector<std::pair<const char*, const char*>> wrong{
      {R"({"event":"PW","c":0,"n":1,"buffered":"x"})", "\"buffered\" is no number"},
      {R"({"event":"DR","c":0,"n":1,"bytes":-1})", "\"bytes\" is no number from 0"},
      {R"({"event":"DR","c":0,"n":1,"bytes":5,"sum":[]})", "\"sum\" is no number"},
      {R"({"event":"DR","c":0,"n":1})", "DR without \"bytes\""},
      {R"({"event":"CL","c":0,"n":1,"cause":7})", "\"cause\" is no text"},
      {R"({"event":"CL","c":0,"n":1,"cause":"moon"})", "none that the protocol knows"},
      {R"({"event":"RT","c":0,"n":1,"action":5})", "\"action\" is no text"},
      {R"({"event":"CM","c":0.5,"n":1})", "\"c\" is no number"},
      {R"({"event":"CM","n":1})", "CM without \"c\""},
      {R"({"event":"ZZ","c":0})", "unknown event 'ZZ'"}};
  for (const auto& [line, words] : wrong) {
    try {
      static_cast<void>(event_from_json(Json::parse(line)));
      ADD_FAILURE() << line;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }
}

TEST(trace, an_adapter_has_to_tell_all_of_an_event) {
  const auto lacking = [](const char* line) -> std::string {
    try {
      check_complete(event_from_json(Json::parse(line)));
      return "";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  EXPECT_EQ(lacking(R"({"event":"CM","c":0})"), "CM without \"n\"");
  EXPECT_EQ(lacking(R"({"event":"DR","c":0,"n":1,"bytes":5})"), "DR without \"sum\"");
  EXPECT_EQ(lacking(R"({"event":"CL","c":0,"n":1})"), "CL without \"cause\"");
  EXPECT_EQ(lacking(R"({"event":"EV","c":0,"n":1})"), "EV without \"kind\"");
  EXPECT_EQ(lacking(R"({"event":"RT","c":0,"n":1})"), "RT without \"action\"");
  EXPECT_EQ(lacking(R"({"event":"note"})"), "note without \"text\"");
  EXPECT_EQ(lacking(R"({"event":"note","c":0,"text":"x"})"), "");
  EXPECT_EQ(lacking(R"({"event":"EX","message":"x"})"), "");
  EXPECT_EQ(lacking(R"({"event":"CL","c":0,"n":1,"cause":"none"})"), "");
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
