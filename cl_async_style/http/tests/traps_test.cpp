// What the quoted code gets wrong, each with the proof that this server does not (T1 to T12; T13:
// routes_test, T14: the listener's test).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

void with_app() {
  mount(app());
}

TEST(trap, T1_every_piece_of_a_body_arrives) {
  web server([] {
    defroute("POST", "/",
             [](const request& of, response& to, const auto&) { send_response(to, {.body = of.body()}); });
  });
  client peer(server);
  peer.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  peer.send("4\r\ndefg\r\n0\r\n\r\n");
  EXPECT_EQ(peer.answer(), "abcdefg");
}

TEST(trap, T2_pipelined_answers_keep_their_order_WK_130_WK_132) {
  web server(with_app);
  client peer(server);
  const auto ask = [](std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  };
  peer.send(ask("/delay/30") + ask("/bytes/3") + post("/nothing", "ignored") + ask("/delay/1") + ask("/"));
  EXPECT_EQ(peer.answer(), "waited\n");
  EXPECT_EQ(peer.answer(), std::string("\0\1\2", 3));
  EXPECT_EQ(peer.answer(), "not found\n");
  EXPECT_EQ(peer.answer(), "waited\n");
  EXPECT_EQ(peer.answer(), "hello, world\n");
}

TEST(trap, T3_nothing_is_parsed_behind_a_refusal) {
  web server(with_app, {.parser = {.body = 100}});
  client peer(server);
  peer.send(post("/echo", std::string(101, 'x')) + "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  peer.shutdown();
  const std::string all = peer.read_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(count(all, "HTTP/1.1 "), 1U);
}

TEST(trap, T4_a_busy_connection_outlives_the_limit_of_its_first_head) {
  constexpr std::chrono::milliseconds limit{200};
  web server(with_app, {.request_timeout = limit});
  client peer(server);
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 3 * limit) ASSERT_EQ(peer.get("/"), "hello, world\n");
}

TEST(trap, T9_what_comes_behind_the_last_request_is_ignored) {
  int asked = 0;
  web server([&] {
    defroute("GET", "/", [&](const request&, response& to, const auto&) {
      ++asked;
      send_response(to, {.body = "once"});
    });
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\n");
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string all = peer.read_all();
  EXPECT_EQ(all.find("HTTP/1.1", 1), std::string::npos) << all;
  EXPECT_EQ(server.in_loop([&](http_server&) { return asked; }), 1);
}

TEST(trap, T5_draining_has_a_deadline) {
  bool asked = false;
  web server(
      [&] { defroute("GET", "/never", [&](const request&, response&, const auto&) { asked = true; }); });
  client peer(server);
  peer.send("GET /never HTTP/1.1\r\nHost: t\r\n\r\n");
  while (!server.in_loop([&](http_server&) { return asked; })) std::this_thread::yield();
  EXPECT_EQ(server.stop(std::chrono::milliseconds(20)), 1U);
}

TEST(trap, T6_limits_are_checked_before_anything_starts) {
  start_event_loop([] {
    EXPECT_THROW(start_server({.port = 0, .limits = {.request_timeout = std::chrono::milliseconds(0)}}),
                 std::invalid_argument);
    EXPECT_THROW(start_server({.port = 0, .limits = {.parser = {.fields = 0}}}), std::invalid_argument);
  });
}

TEST(trap, T7_errors_have_an_answer_that_the_client_can_read) {
  web server(with_app);
  for (const auto& [text, status] : {std::pair("GET / HTTP/1.1\r\nbad\r\n\r\n", "400"),
                                     {"BREW / HTTP/1.1\r\nHost: t\r\n\r\n", "501"},
                                     {"GET / HTTP/2.0\r\nHost: t\r\n\r\n", "505"},
                                     {"GET / HTTP/1.1\r\n\r\n", "400"},
                                     {"GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n", "400"}}) {
    client peer(server);
    peer.send(text);
    peer.send(std::string(100'000, 'z'));  // what is still under way must not take the answer away
    peer.shutdown();
    const std::string all = peer.read_all();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 " + std::string(status) + " "));
    EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(count(all, "\r\nDate: "), 1U);
  }
}

TEST(trap, T8_repeated_headers_stay_apart_and_names_have_no_case) {
  web server([] {
    defroute("GET", "/", [](const request& of, response& to, const auto&) {
      std::string all;
      for (const std::string_view value : of.headers().get_all("x-multi")) all += std::string(value) + ";";
      send_response(to, {.body = all});
    });
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\nX-Multi: a\r\nx-multi: b\r\nX-MULTI: a\r\n\r\n");
  EXPECT_EQ(peer.answer(), "a;b;a;");
}

TEST(trap, T10_a_target_split_over_reads_is_joined) {
  web server(with_app);
  client peer(server);
  for (const char c : std::string("GET /bytes/5 HTTP/1.1\r\nHost: t\r\n\r\n")) peer.send(std::string(1, c));
  EXPECT_EQ(peer.answer().size(), 5U);
}

TEST(trap, T11_one_answer_although_the_client_expected_100_and_there_is_no_route) {
  web server([] {});
  client peer(server);
  peer.send("POST /none HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  peer.send("body");
  peer.shutdown();
  const std::string all = peer.read_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 404 "));
  EXPECT_EQ(count(all, "HTTP/1.1 "), 1U);
}

TEST(trap, T12_each_request_meets_a_fresh_state) {
  web server([] {
    defroute("POST", "/", [](const request& of, response& to, const auto&) {
      send_response(to, {.body = std::string(of.body()) + "," + std::to_string(of.headers().size())});
    });
  });
  client peer(server);
  peer.send(post("/", "first", "X-One: 1\r\nX-Two: 2\r\n"));
  EXPECT_EQ(peer.answer(), "first,4");
  peer.send(post("/", ""));
  EXPECT_EQ(peer.answer(), ",2");
}

TEST(trap, a_100_continue_is_sent_once_and_before_the_body_WK_070) {
  web server(with_app);
  client peer(server);
  peer.send("POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(peer.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("body");
  EXPECT_EQ(peer.answer(), "body");
}

TEST(trap, a_client_that_half_closes_gets_a_late_answer_WK_134) {
  web server(with_app);
  client peer(server);
  peer.send("GET /delay/20 HTTP/1.1\r\nHost: t\r\n\r\n");
  peer.shutdown();
  EXPECT_THAT(peer.read_all(), testing::EndsWith("waited\n"));
}

TEST(trap, HTTP_1_0_is_closed_unless_it_asks_to_be_kept_WK_102) {
  web server(with_app);
  client once(server);
  once.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(once.read_all(), testing::EndsWith("hello, world\n"));
  client kept(server);
  for (int i = 0; i < 2; ++i) {
    kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(kept.answer(), "hello, world\n");
  }
  kept.send("GET /stream/2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = kept.read_all();
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
  EXPECT_THAT(all, testing::EndsWith("\r\n\r\nchunk 0\nchunk 1\n"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
