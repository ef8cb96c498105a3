#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using std::chrono::milliseconds;
using testing::StartsWith;

constexpr milliseconds soon{40};

// Each test waits for the end that its limit brings, however long it takes; the other limits are out of
// reach.

TEST(limits, a_head_that_does_not_come_is_408) {
  web server([] { mount(app()); }, {.request_timeout = soon});
  client peer(server);
  peer.send("GET / HT");
  EXPECT_THAT(peer.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST(limits, a_body_that_stops_is_408) {
  web server([] { mount(app()); }, {.body_timeout = soon});
  client peer(server);
  peer.send("POST /nothing HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
  const std::string all = peer.read_all();
  EXPECT_THAT(all, testing::AnyOf(StartsWith("HTTP/1.1 408 "), StartsWith("HTTP/1.1 404 ")));
}

TEST(limits, a_connection_on_which_no_request_comes_is_408) {
  web server([] { mount(app()); }, {.request_timeout = soon});
  client silent(server);
  EXPECT_THAT(silent.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST(limits, one_connection_too_many_is_told_503) {
  web server([] { mount(app()); }, {.connections = 1});
  client first(server);
  EXPECT_EQ(first.get("/"), "hello, world\n");
  client second(server);
  EXPECT_THAT(second.read_all(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(first.get("/"), "hello, world\n");
}

TEST(limits, an_idle_connection_is_closed_without_a_word) {
  web server([] { mount(app()); }, {.keep_alive_timeout = soon});
  client once(server);
  EXPECT_EQ(once.get("/"), "hello, world\n");
  EXPECT_EQ(once.read_all(), "");
}

TEST(limits, a_handler_that_does_not_answer_is_503_and_told) {
  bool cancelled = false;
  web server(
      [&] {
        defroute("GET", "/",
                 [&](const request&, response& to, const auto&) { to.on_cancel([&] { cancelled = true; }); });
      },
      {.response_timeout = soon});
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(peer.read_all(), StartsWith("HTTP/1.1 503 "));
  server.stop(std::chrono::seconds(10));
  EXPECT_TRUE(cancelled);
}

TEST(limits, a_handler_that_is_told_of_its_end_cannot_answer_any_more) {
  web server(
      [] {
        defroute("GET", "/", [](request&, response& to, const auto&) {
          to.on_cancel([&to] { to.respond(200, "text/plain", "too late"); });
        });
      },
      {.response_timeout = soon});
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string all = peer.read_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(all.rfind("HTTP/1.1 "), 0U);
}

TEST(limits, a_head_that_trickles_is_408_though_it_keeps_coming) {
  web server([] { mount(app()); }, {.request_timeout = soon});
  client peer(server);
  for (const char octet : std::string_view("GET / HTTP/1.1\r\nHost: t\r\n")) {
    peer.send({&octet, 1});
    std::this_thread::sleep_for(milliseconds(5));  // 130 ms in all
  }
  EXPECT_THAT(peer.read_all(), StartsWith("HTTP/1.1 408 "));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
