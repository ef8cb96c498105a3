#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using std::chrono::milliseconds;
using testing::StartsWith;

http_limits short_limits() {
  return {.request_timeout = milliseconds(40),
          .body_timeout = milliseconds(40),
          .keep_alive_timeout = milliseconds(40),
          .response_timeout = milliseconds(40),
          .linger_timeout = milliseconds(40)};
}

TEST(limits, a_head_that_does_not_come_is_408) {
  web server([] { mount(app()); }, short_limits());
  client peer(server);
  peer.send("GET / HT");
  EXPECT_THAT(peer.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST(limits, a_body_that_stops_is_408) {
  web server([] { mount(app()); }, short_limits());
  client peer(server);
  peer.send("POST /nothing HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
  const std::string all = peer.read_all();
  EXPECT_THAT(all, testing::AnyOf(StartsWith("HTTP/1.1 408 "), StartsWith("HTTP/1.1 404 ")));
}

TEST(limits, a_connection_on_which_no_request_comes_is_408) {
  web server([] { mount(app()); }, short_limits());
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
  web server([] { mount(app()); }, {.keep_alive_timeout = milliseconds(40)});
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
      short_limits());
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
      short_limits());
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string all = peer.read_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(all.rfind("HTTP/1.1 "), 0U);
}

/// Does something so many times, so far apart. False if the machine held us up for so long that a limit of
/// `limit` may have run out: that says nothing of the server.
template <typename Fn>
bool steadily(int times, milliseconds apart, milliseconds limit, Fn fn) {
  milliseconds longest{0};
  for (int i = 0; i < times; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(apart);
    fn(i);
    longest =
        std::max(longest, std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun));
  }
  return longest < limit / 2;
}

// One timer over idle and transfer would end it (Beast 1868).
TEST(limits, a_slow_body_that_keeps_coming_outlives_every_limit) {
  constexpr milliseconds limit{1000};
  web server([] { mount(app()); }, {.request_timeout = milliseconds(40),
                                    .body_timeout = limit,
                                    .keep_alive_timeout = milliseconds(40),
                                    .response_timeout = milliseconds(40)});
  const std::string body = "0123456789";
  for (bool undisturbed = false; !undisturbed;) {
    client peer(server);
    peer.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n");
    undisturbed = steadily(10, milliseconds(120), limit, [&](int i) {
      peer.send(std::string_view(body).substr(static_cast<std::size_t>(i), 1));
    });
    if (!undisturbed) continue;
    EXPECT_THAT(peer.read_to("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(peer.read_to("9"), testing::EndsWith("9"));
  }
}

TEST(limits, a_head_that_trickles_is_408_though_it_keeps_coming) {
  web server([] { mount(app()); }, short_limits());
  client peer(server);
  for (const char octet : std::string_view("GET / HTTP/1.1\r\nHost: t\r\n")) {
    peer.send({&octet, 1});
    std::this_thread::sleep_for(milliseconds(5));  // 130 ms in all
  }
  EXPECT_THAT(peer.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST(limits, a_slow_reader_that_reads_is_served_to_the_end) {
  constexpr milliseconds limit{1000};
  web server([] { mount(app()); }, {.request_timeout = milliseconds(40),
                                    .body_timeout = milliseconds(40),
                                    .keep_alive_timeout = milliseconds(40),
                                    .response_timeout = limit});
  constexpr std::size_t size = 33554432;
  for (bool undisturbed = false; !undisturbed;) {
    client peer(server, 4096);
    peer.send("GET /bytes/33554432 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    std::size_t received = 0;
    undisturbed = steadily(12, milliseconds(100), limit, [&](int) { received += peer.read(2 << 20).size(); });
    if (!undisturbed) continue;
    EXPECT_GT(received + peer.read_all().size(), size);
  }
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
