#include "antiphon/http/response_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "antiphon/http/request.hpp"

namespace antiphon::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class response_writer : public testing::Test {
 protected:
  ResponseWriter& begin(std::string_view method = "GET", unsigned minor = 1, bool client_keeps = true) {
    request.set_method(method);
    request.set_version(1, minor);
    request.set_keep_alive(client_keeps);
    writer.begin(request);
    return writer;
  }
  DateCache date;
  Request request;
  ResponseWriter writer{date};
  std::string out;
  const std::array<Field, 1> fields{Field{"X-A", "b"}};
};

TEST_F(response_writer, writes_a_whole_response) {
  EXPECT_EQ(begin().respond({200, fields, "hi"}, out), WriteResult::written);
  EXPECT_THAT(out, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(out, EndsWith(" GMT\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi"));
  EXPECT_TRUE(writer.keep_alive());
  EXPECT_TRUE(writer.finished());
}

TEST_F(response_writer, writes_answers_of_every_size_behind_what_is_there_already) {
  for (const std::size_t body_size : {0U, 1U, 3U, 4U, 15U, 16U, 33U, 255U, 256U, 257U, 5'000U})
    for (const std::size_t value_size : {0U, 1U, 7U, 8U, 31U, 32U, 33U, 200U, 512U, 2'000U}) {
      const std::string body(body_size, 'b');
      const std::string value(value_size, 'v');
      const std::array two{Field{"X-A", value}, Field{"Content-Type", value}};
      out = "before";
      EXPECT_EQ(begin().respond({404, two, body}, out), WriteResult::written);
      EXPECT_THAT(out, StartsWith("beforeHTTP/1.1 404 Not Found\r\nDate: "));
      std::string end = " GMT\r\nX-A: ";
      end.append(value).append("\r\nContent-Type: ").append(value).append("\r\nContent-Length: ");
      end.append(std::to_string(body_size)).append("\r\n\r\n").append(body);
      EXPECT_THAT(out, EndsWith(end));
      EXPECT_EQ(out.size(),
                std::string_view("beforeHTTP/1.1 404 Not Found\r\nDate: ").size() + 25 + end.size());
      EXPECT_EQ(writer.body_octets(), body_size);
    }
}

TEST_F(response_writer, the_date_is_its_own_business) {
  const std::array dated{Field{"date", "yesterday"}};
  begin().respond({200, dated, ""}, out);
  EXPECT_THAT(out, Not(HasSubstr("yesterday")));
}

TEST_F(response_writer, says_that_it_closes_when_the_client_or_the_server_wants_it_SN_009) {
  begin("GET", 1, false).respond({200, {}, ""}, out);
  EXPECT_THAT(out, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_FALSE(writer.keep_alive());
  out.clear();
  begin();
  writer.close_after();
  writer.respond({200, {}, ""}, out);
  EXPECT_THAT(out, HasSubstr("\r\nConnection: close\r\n"));
  out.clear();
  const std::array closing{Field{"connection", "close"}};
  begin().respond({200, closing, ""}, out);
  EXPECT_THAT(out, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_FALSE(writer.keep_alive());
}

TEST_F(response_writer, tells_a_client_of_HTTP_1_0_that_the_connection_is_kept) {
  begin("GET", 0, true).respond({200, {}, ""}, out);
  EXPECT_THAT(out, HasSubstr("\r\nConnection: keep-alive\r\n"));
  EXPECT_TRUE(writer.keep_alive());
}

TEST_F(response_writer, frames_an_unknown_length_in_chunks) {
  begin().head(200, {}, {}, out);
  EXPECT_THAT(out, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  out.clear();
  EXPECT_EQ(writer.body("hello, chunked world", out), WriteResult::written);
  EXPECT_EQ(writer.body("", out), WriteResult::written);
  EXPECT_EQ(writer.finish(out), WriteResult::written);
  EXPECT_EQ(out, "14\r\nhello, chunked world\r\n0\r\n\r\n");
}

TEST_F(response_writer, ends_an_unknown_length_by_the_close_for_HTTP_1_0) {
  begin("GET", 0, true).head(200, {}, {}, out);
  EXPECT_THAT(out, Not(HasSubstr("chunked")));
  EXPECT_THAT(out, HasSubstr("\r\nConnection: close\r\n"));
  out.clear();
  writer.body("x", out);
  writer.finish(out);
  EXPECT_EQ(out, "x");
  EXPECT_FALSE(writer.keep_alive());
}

TEST_F(response_writer, leaves_the_body_away_but_not_its_length_for_HEAD) {
  begin("HEAD").respond({200, {}, "hello"}, out);
  EXPECT_THAT(out, EndsWith("\r\nContent-Length: 5\r\n\r\n"));
  out.clear();
  begin("HEAD").head(200, {}, 1000, out);
  EXPECT_EQ(writer.finish(out), WriteResult::written);
  EXPECT_THAT(out, EndsWith("\r\nContent-Length: 1000\r\n\r\n"));
}

TEST_F(response_writer, has_neither_body_nor_length_for_204_and_304) {
  for (const unsigned status : {204U, 304U}) {
    out.clear();
    begin().respond({status, {}, "never"}, out);
    EXPECT_THAT(out, EndsWith(" GMT\r\n\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("Length")));
  }
}

TEST_F(response_writer, holds_the_handler_to_its_content_length) {
  begin().head(200, {}, 3, out);
  out.clear();
  EXPECT_EQ(writer.body("abcd", out), WriteResult::too_much);
  EXPECT_EQ(out, "abc");
  EXPECT_FALSE(writer.keep_alive());
  begin().head(200, {}, 3, out);
  writer.body("ab", out);
  EXPECT_EQ(writer.finish(out), WriteResult::too_little);
  EXPECT_FALSE(writer.keep_alive());
}

TEST_F(response_writer, lets_no_field_split_the_response) {
  using namespace std::string_view_literals;
  for (const Field bad : {Field{"X", "a\r\nSet-Cookie: b"}, Field{"X", "a\nb"}, Field{"X\r", "a"},
                          Field{"X", "a\0b"sv}, Field{"", "a"}}) {
    EXPECT_EQ(begin().respond({200, std::array{bad}, ""}, out), WriteResult::bad_field);
    EXPECT_EQ(out, "");
    EXPECT_FALSE(writer.started());
  }
}

TEST_F(response_writer, the_framing_is_its_own_business) {
  const std::array meddling{Field{"content-length", "99"}, Field{"Transfer-Encoding", "gzip"}};
  begin().respond({200, meddling, "hi"}, out);
  EXPECT_THAT(out, HasSubstr("\r\nContent-Length: 2\r\n"));
  EXPECT_THAT(out, Not(HasSubstr("99")));
  EXPECT_THAT(out, Not(HasSubstr("gzip")));
}

TEST_F(response_writer, calls_out_of_order_write_nothing_T13) {
  begin();
  EXPECT_EQ(writer.body("x", out), WriteResult::out_of_order);
  EXPECT_EQ(writer.finish(out), WriteResult::out_of_order);
  EXPECT_EQ(out, "");
  writer.respond({200, {}, ""}, out);
  const std::string once = out;
  EXPECT_EQ(writer.respond({500, {}, ""}, out), WriteResult::out_of_order);
  EXPECT_EQ(writer.body("x", out), WriteResult::out_of_order);
  EXPECT_EQ(writer.finish(out), WriteResult::out_of_order);
  EXPECT_EQ(out, once);
}

TEST_F(response_writer, answers_what_never_was_a_request_and_closes) {
  writer.begin_error();
  writer.respond({400, {}, "bad\n"}, out);
  EXPECT_THAT(out, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(out, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_FALSE(writer.keep_alive());
}

TEST_F(response_writer, an_error_to_a_HEAD_has_the_length_and_no_body) {  // RFC 9110, 9.3.2
  writer.begin_error(true);
  writer.respond({400, {}, "bad\n"}, out);
  EXPECT_THAT(out, HasSubstr("\r\nContent-Length: 4\r\n"));
  EXPECT_TRUE(out.ends_with("\r\n\r\n")) << out;
}

}  // namespace
}  // namespace antiphon::http
