// Every route of the shared app, through real sockets.

#include <gtest/gtest.h>

#include <antiphon/app.hpp>
#include <thread>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

class the_app : public testing::Test {
 protected:
  RunningServer server_{app()};
  Client client_{server_.port()};
};

/// Octet i of /bytes is i mod 251.
bool is_pattern(std::string_view octets) {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (static_cast<unsigned char>(octets[i]) != i % 251) return false;
  }
  return true;
}

TEST_F(the_app, answers_every_route_on_one_kept_connection) {
  Answer answer = client_.get("/");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "hello, world\n");
  EXPECT_TRUE(answer.headers.contains("Date"));
  EXPECT_TRUE(answer.headers.get("Content-Type")->starts_with("text/plain"));

  client_.send(request("POST", "/echo", "", "some octets"));
  EXPECT_EQ(client_.read_answer().body, "some octets");

  answer = client_.get("/stream/3");
  EXPECT_EQ(answer.headers.get("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.body, "chunk 0\nchunk 1\nchunk 2\n");

  answer = client_.get("/bytes/100000");
  EXPECT_EQ(answer.headers.get("Content-Length"), "100000");
  EXPECT_EQ(answer.body.size(), 100000U);
  EXPECT_TRUE(is_pattern(answer.body));

  EXPECT_EQ(client_.get("/delay/5").body, "waited\n");
  EXPECT_EQ(client_.get("/headers").body, "[[\"Host\", \"test\"]]\n");
  EXPECT_EQ(server_.statistics().connections, 1U);
  EXPECT_EQ(server_.statistics().requests, 6U);
  EXPECT_EQ(server_.statistics().responses[2], 6U);
}

TEST_F(the_app, answers_head_for_every_get_without_a_body) {
  for (const std::string_view target : {"/", "/stream/3", "/bytes/1000", "/delay/5", "/headers"}) {
    client_.send(request("HEAD", target));
    EXPECT_EQ(client_.read_answer(true).status, 200U) << target;
  }
  client_.send(request("HEAD", "/bytes/1000"));
  EXPECT_EQ(client_.read_answer(true).headers.get("Content-Length"), "1000");
  EXPECT_EQ(client_.get("/").status, 200U);
}

TEST_F(the_app, answers_404_and_405_and_keeps_the_connection) {
  EXPECT_EQ(client_.get("/nowhere").status, 404U);
  client_.send(request("POST", "/nowhere", "", "a body that nobody wants"));
  EXPECT_EQ(client_.read_answer().status, 404U);
  client_.send(request("DELETE", "/"));
  const Answer refused = client_.read_answer();
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(refused.headers.get("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(client_.get("/").status, 200U);
}

TEST_F(the_app, echoes_ten_mebibytes_while_they_come_SN_006_SN_013) {
  constexpr std::size_t size = 10 << 20;
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i % 251);
  // Written and read at the same time: who only writes would be stopped by the echo.
  std::thread writer([&] { client_.send(request("POST", "/echo", "", body)); });
  const Answer answer = client_.read_answer();
  writer.join();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_TRUE(answer.body == body);
  EXPECT_EQ(client_.get("/").status, 200U);
}

TEST_F(the_app, echoes_a_chunked_body_of_unknown_length) {
  const std::string much(20'000, 'x');
  client_.send(request("POST", "/echo", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
  client_.send("4e20;a=b\r\n" + much + "\r\n0\r\nTrailer: x\r\n\r\n");
  const Answer answer = client_.read_answer();
  EXPECT_EQ(answer.headers.get("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.body, "abc" + much);
  EXPECT_EQ(client_.get("/").status, 200U);
}

TEST_F(the_app, never_holds_more_for_a_slow_reader_than_the_high_mark_and_one_piece_SN_013) {
  constexpr std::size_t size = 64 << 20;
  Client slow(server_.port(), 4096);
  slow.send(request("GET", "/bytes/67108864", "Connection: close\r\n"));
  server_.wait_until([](HttpServer& server) { return server.buffered() > 65536; });
  EXPECT_EQ(client_.get("/").status, 200U);  // meanwhile others are served
  const Answer answer = slow.read_answer();
  EXPECT_EQ(answer.body.size(), size);
  EXPECT_TRUE(is_pattern(answer.body));
  constexpr std::size_t high_mark = 65536;
  constexpr std::size_t piece = 64 * 251 + 256;  // and its framing
  EXPECT_LE(server_.statistics().most_buffered, high_mark + piece);
}

TEST_F(the_app, stops_reading_an_echo_whose_answer_is_not_read_SN_013) {
  constexpr std::size_t size = 32 << 20;
  Client slow(server_.port(), 4096);
  const std::string body(size, 'x');
  std::thread writer([&] { slow.send(request("POST", "/echo", "", body)); });
  server_.wait_until([](HttpServer& server) { return server.buffered() > 65536; });
  EXPECT_LT(server_.statistics().octets_received, size);
  const Answer answer = slow.read_answer();
  writer.join();
  EXPECT_TRUE(answer.body == body);
}

}  // namespace
}  // namespace antiphon::asio_style::test
