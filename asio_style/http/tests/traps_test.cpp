// What the quoted code gets wrong, each with the proof that this one does not (T1 to T13).

#include <gtest/gtest.h>

#include <antiphon/app.hpp>
#include <antiphon/asio_style/errors.hpp>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using http::Body;
using http::Exchange;
using http::Request;

/// POST /whole answers with the collected body, POST /pieces with the sizes of what it was told.
const http::Router& routes() {
  static const http::Router router = [] {
    http::Router made;
    made.add("POST", "/whole", [](const Request& request, Exchange& exchange) {
      exchange.respond(200, "text/plain", request.body());
    });
    made.add("POST", "/pieces",
             [](const Request&, Exchange& exchange) {
               exchange.start(200, {}, std::nullopt);
               exchange.on_body([&exchange](std::span<const std::byte> piece, bool last) {
                 exchange.write(piece);
                 exchange.write(last ? "." : "|");
                 if (last) exchange.finish();
               });
             },
             {.body = Body::streamed});
    made.add("POST", "/early",
             [](const Request&, Exchange& exchange) { exchange.respond(200, "text/plain", "done\n"); },
             {.body = Body::streamed});
    made.add("GET", "/{one}", [](const Request& request, Exchange& exchange) {
      const auto first = request.headers().get("X-First").value_or("none");
      exchange.respond(200, "text/plain",
                       std::string(request.param("one")) + " " + std::string(first) + " " +
                           std::to_string(request.headers().size()) + " " + std::string(request.body()));
    });
    return made;
  }();
  return router;
}

std::string chunked(std::string_view target) {
  return request("POST", target, "Transfer-Encoding: chunked\r\n") +
         "3\r\nabc\r\n2\r\nde\r\n4\r\nfghi\r\n0\r\n\r\n";
}

TEST(trap_T1, every_piece_of_a_body_arrives_SN_006) {
  RunningServer server(routes());
  Client client(server.port());
  client.send(chunked("/whole"));
  EXPECT_EQ(client.read_answer().body, "abcdefghi");
  client.send(chunked("/pieces"));
  EXPECT_EQ(client.read_answer().body, "abc|de|fghi|.");
}

TEST(trap_T2, pipelined_answers_keep_their_order_though_the_first_takes_longest_SN_010) {
  RunningServer server(app());
  Client client(server.port());
  client.send(request("GET", "/delay/50") + request("GET", "/bytes/3") + request("GET", "/delay/1") +
              request("GET", "/"));
  EXPECT_EQ(client.read_answer().body, "waited\n");
  EXPECT_EQ(client.read_answer().body, std::string("\0\1\2", 3));
  EXPECT_EQ(client.read_answer().body, "waited\n");
  EXPECT_EQ(client.read_answer().body, "hello, world\n");
}

TEST(trap_T3, nothing_is_parsed_behind_a_refusal_SN_004) {
  RunningServer server(routes(), {.parser = {.body = 100}});
  Client client(server.port());
  client.send("POST /whole HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n");
  client.send(std::string(101, 'x') + request("GET", "/one"));
  client.shutdown();
  const std::string all = client.read_to_end().value();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 413 ")) << all;
  EXPECT_EQ(count(all, "HTTP/1.1 "), 1U) << all;
  EXPECT_EQ(server.statistics().requests, 0U);
}

TEST(trap_T4, a_busy_connection_outlives_every_limit_SN_025) {
  constexpr std::chrono::hours limit{8};
  RunningServer server(app(), {.request_timeout = limit,
                               .body_timeout = limit,
                               .keep_alive_timeout = limit,
                               .response_timeout = limit,
                               .linger_timeout = limit});
  Client client(server.port());
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(client.get("/").status, 200U);
    server.tick(5);
    client.send(request("GET", "/delay/10"));
    server.wait_until(
        [i](HttpServer& it) { return it.statistics().requests == 2U * static_cast<unsigned>(i) + 2; });
    server.tick(5);
    ASSERT_EQ(client.read_answer().status, 200U);
  }
  server.tick(10);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(trap_T5, draining_does_not_wait_for_ever_SN_024) {
  http::Router router;
  router.add("GET", "/never", [](const Request&, Exchange&) {});
  RunningServer server(router);
  Client client(server.port());
  client.send(request("GET", "/never"));
  server.wait_until([](HttpServer& it) { return it.statistics().requests == 1; });
  EXPECT_EQ(server.stop(std::chrono::milliseconds(20)), 1U);
  EXPECT_EQ(client.read_to_end().value_or(""), "");
}

TEST(trap_T6, limits_are_checked_before_anything_starts) {
  EventLoop loop;
  const auto made_with = [&loop](const HttpLimits& limits) { HttpServer(loop, app(), {.limits = limits}); };
  constexpr std::chrono::milliseconds none{0};
  EXPECT_NO_THROW(made_with({}));
  EXPECT_THROW(made_with({.parser = {.head = 0}}), ValueError);
  EXPECT_THROW(made_with({.parser = {.target = 0}}), ValueError);
  EXPECT_THROW(made_with({.parser = {.fields = 0}}), ValueError);
  EXPECT_THROW(made_with({.parser = {.body = 0}}), ValueError);
  EXPECT_THROW(made_with({.request_timeout = none}), ValueError);
  EXPECT_THROW(made_with({.body_timeout = none}), ValueError);
  EXPECT_THROW(made_with({.keep_alive_timeout = none}), ValueError);
  EXPECT_THROW(made_with({.response_timeout = std::chrono::milliseconds(-1)}), ValueError);
  EXPECT_THROW(made_with({.linger_timeout = none}), ValueError);
  EXPECT_THROW(made_with({.pipelined = 0}), ValueError);
  EXPECT_THROW(made_with({.connections = 0}), ValueError);
}

TEST(trap_T7, every_refusal_is_one_complete_answer_and_the_end) {
  RunningServer server(routes(), {.parser = {.head = 300, .target = 30, .fields = 3, .body = 100}});
  const std::pair<std::string, unsigned> refused[] = {
      {"GET / HTTP/1.1\r\nHost: t\r\nbad header\r\n\r\n", 400},
      {"GET /one HTTP/1.1\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n", 400},
      {"POST /whole HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n", 413},
      {request("POST", "/whole", "Transfer-Encoding: chunked\r\n") + "65\r\n" + std::string(101, 'x'), 413},
      {"GET /" + std::string(40, 'x') + " HTTP/1.1\r\nHost: t\r\n\r\n", 414},
      {"GET /one HTTP/1.1\r\nHost: t\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", 431},
      {"GET /one HTTP/1.1\r\nHost: t\r\nA: " + std::string(400, 'x') + "\r\n\r\n", 431},
      {"BREW /one HTTP/1.1\r\nHost: t\r\n\r\n", 501},
      {"GET /one HTTP/2.0\r\nHost: t\r\n\r\n", 505},
  };
  for (const auto& [octets, status] : refused) {
    Client client(server.port());
    client.send(octets);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, status) << octets;
    EXPECT_EQ(answer.headers.get("Connection"), "close") << octets;
    EXPECT_FALSE(answer.body.empty());
    EXPECT_EQ(client.read_to_end(), "") << octets;
  }
  const auto log = server.log();
  EXPECT_EQ(log.size(), std::size(refused));
  for (const std::string& line : log) EXPECT_TRUE(line.starts_with("127.0.0.1:")) << line;  // SN-011
}

TEST(trap_T8, repeated_fields_stay_apart_in_order_and_names_have_no_case_SN_005) {
  RunningServer server(app());
  Client client(server.port());
  client.send(request("GET", "/headers", "X-Twice: a\r\nOther: o\r\nx-twice: b\r\n"));
  EXPECT_EQ(client.read_answer().body,
            "[[\"Host\", \"test\"], [\"X-Twice\", \"a\"], [\"Other\", \"o\"], [\"x-twice\", \"b\"]]\n");
  RunningServer other(routes());
  Client second(other.port());
  second.send(request("GET", "/p", "x-fIRST: yes\r\n"));
  EXPECT_EQ(second.read_answer().body, "p yes 2 ");
}

TEST(trap_T9, what_comes_behind_the_last_request_is_ignored) {
  RunningServer server(routes());
  Client client(server.port());
  client.send(request("GET", "/last", "Connection: close\r\n") + request("GET", "/more"));
  client.send(request("GET", "/still"));
  const std::string all = client.read_to_end().value();
  EXPECT_EQ(count(all, "HTTP/1.1 "), 1U) << all;
  EXPECT_EQ(server.statistics().requests, 1U);
}

TEST(trap_T10, a_target_cut_by_the_network_is_joined) {
  RunningServer server(routes());
  Client client(server.port());
  const std::string octets = request("GET", "/a%20long-name", "X-First: 1\r\n");
  for (std::size_t sent = 0; sent < octets.size(); ++sent) {
    // The next octet goes when the server has read this one, so that each is a read of its own.
    client.send(octets.substr(sent, 1));
    server.wait_until([&](HttpServer& it) { return it.statistics().octets_received > sent; });
  }
  EXPECT_EQ(client.read_answer().body, "a long-name 1 2 ");
}

TEST(trap_T11, an_expectation_without_a_route_is_answered_once) {
  RunningServer server(routes());
  Client client(server.port());
  client.send(
      "POST /nowhere/at/all HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 404U);
  client.send("hello");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(trap_T12, each_request_on_a_connection_begins_afresh) {
  RunningServer server(routes());
  Client client(server.port());
  client.send(request("GET", "/a", "X-First: 1\r\n", "body"));
  EXPECT_EQ(client.read_answer().body, "a 1 3 body");
  client.send(request("GET", "/b"));
  EXPECT_EQ(client.read_answer().body, "b none 1 ");
}

TEST(trap_T13, an_error_behind_the_answer_brings_no_second_answer) {
  RunningServer server(routes());
  Client client(server.port());
  client.send("POST /early HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "done\n");
  client.shutdown();  // the body is cut short
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(server.log().size(), 1U);
}

}  // namespace
}  // namespace antiphon::asio_style::test
