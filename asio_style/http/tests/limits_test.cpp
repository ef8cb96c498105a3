// SN-025: what happens when a limit runs out. Each test waits for the end that the limit brings, however long
// it takes; the other limits are out of reach.

#include <gtest/gtest.h>

#include <antiphon/app.hpp>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using http::Exchange;
using http::Request;

constexpr std::chrono::milliseconds soon{30};

TEST(limits, a_head_that_does_not_come_is_a_408_SN_025) {
  RunningServer server(app(), {.request_timeout = soon});
  for (const std::string_view octets : {"", "\r\n", "GET / HTTP/1.1\r\nHo"}) {
    Client client(server.port());
    client.send(octets);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 408U) << octets;
    EXPECT_EQ(answer.headers.get("Connection"), "close");
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST(limits, a_second_head_that_comes_in_part_is_a_408_SN_025) {
  RunningServer server(app(), {.request_timeout = std::chrono::milliseconds(1000)});
  Client client(server.port());
  EXPECT_EQ(client.get("/").status, 200U);
  client.send("GET /");
  EXPECT_EQ(client.read_answer().status, 408U);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(limits, a_body_that_does_not_come_is_a_408_SN_025) {
  RunningServer server(app(), {.body_timeout = soon});
  Client collected(server.port());
  collected.send(request("POST", "/nowhere", "Content-Length: 5\r\n") + "abc");
  EXPECT_EQ(collected.read_answer().status, 408U);
  EXPECT_EQ(collected.read_to_end(), "");

  Client streamed(server.port());  // its answer has begun: it can only be cut
  streamed.send(request("POST", "/echo", "Content-Length: 20001\r\n") + std::string(20'000, 'x'));
  const auto all = streamed.read_to_end();
  EXPECT_FALSE(all && all->ends_with(std::string(20'001, 'x')));
}

TEST(limits, an_idle_connection_is_closed_without_a_word_SN_025) {
  RunningServer server(app(), {.keep_alive_timeout = soon});
  Client client(server.port());
  EXPECT_EQ(client.get("/").status, 200U);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(server.log().empty());
}

TEST(limits, a_handler_that_does_not_answer_is_a_503_and_cancelled_SN_025) {
  http::Router router;
  int cancelled = 0;
  router.add("GET", "/never",
             [&](const Request&, Exchange& exchange) { exchange.on_cancel([&] { ++cancelled; }); });
  RunningServer server(router, {.response_timeout = soon});
  Client client(server.port());
  EXPECT_EQ(client.get("/never").status, 503U);
  EXPECT_EQ(client.read_to_end(), "");
  server.stop();
  EXPECT_EQ(cancelled, 1);
}

TEST(limits, a_client_that_takes_nothing_of_its_answer_is_aborted) {
  RunningServer server(app(), {.response_timeout = soon});
  Client client(server.port(), 4096);
  client.send(request("GET", "/bytes/67108864"));
  server.wait_until([](HttpServer& it) { return it.statistics().connections == 1 && it.connections() == 0; });
  EXPECT_EQ(server.log().size(), 1U);
}

TEST(limits, a_client_that_takes_nothing_of_its_last_answer_is_aborted) {
  http::Router router;
  router.add("GET", "/", [](const Request&, Exchange& exchange) {
    exchange.respond(200, "text/plain", std::string(32 << 20, 'x'));
  });
  RunningServer server(router, {.response_timeout = soon, .linger_timeout = std::chrono::hours(1)});
  Client client(server.port(), 4096);
  client.send(request("GET", "/", "Connection: close\r\n"));
  server.wait_until([](HttpServer& it) { return it.statistics().connections == 1 && it.connections() == 0; });
}

TEST(limits, a_client_that_does_not_close_behind_its_last_answer_is_closed) {
  RunningServer server(app(), {.linger_timeout = soon});
  Client client(server.port());
  client.send(request("GET", "/", "Connection: close\r\n"));
  EXPECT_EQ(client.read_answer().status, 200U);
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
}

/// All limits out of reach of the clock: only ticks pass, of which eight make a limit.
HttpLimits limits_of_ticks() {
  constexpr std::chrono::hours limit{8};
  return {.request_timeout = limit,
          .body_timeout = limit,
          .keep_alive_timeout = limit,
          .response_timeout = limit,
          .linger_timeout = limit};
}

TEST(limits, a_slow_reader_that_reads_is_served_to_the_end) {
  RunningServer server(app(), limits_of_ticks());
  Client client(server.port(), 4096);
  client.send(request("GET", "/bytes/33554432", "Connection: close\r\n"));
  std::size_t received = 0;
  while (received < 24 << 20) {
    const std::uint64_t sent = server.statistics().octets_sent;
    while (server.statistics().octets_sent == sent) received += client.read(1 << 17).size();
    server.tick(5);  // many times: in all far longer than the limit
  }
  EXPECT_GT(received + client.read_to_end().value().size(), std::size_t{33554432});
}

/// Sends the octets one by one, each with `ticks` behind it; what is refused meanwhile is not sent.
void trickle(RunningServer& server, Client& client, std::string_view octets, int ticks) {
  for (const char& octet : octets) {
    const std::uint64_t received = server.statistics().octets_received;
    client.send({&octet, 1});
    server.wait_until([&](HttpServer& it) {
      return it.statistics().octets_received > received || it.statistics().responses[4] > 0;
    });
    server.tick(ticks);
  }
}

// One timer over idle and transfer would end it (Beast 1868).
TEST(limits, a_slow_body_that_keeps_coming_outlives_every_limit_SN_025) {
  RunningServer server(app(), limits_of_ticks());
  Client client(server.port());
  client.send(request("POST", "/echo", "Content-Length: 20\r\n"));
  trickle(server, client, "0123456789abcdefghij", 5);  // 100 ticks in all
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "0123456789abcdefghij");
}

TEST(limits, a_head_that_trickles_is_a_408_though_it_keeps_coming_SN_025) {
  RunningServer server(app(), limits_of_ticks());
  Client client(server.port());
  trickle(server, client, "GET / HTTP/1.1\r\nHost: a\r\n", 1);
  EXPECT_EQ(client.read_answer().status, 408U);
  EXPECT_EQ(client.read_to_end(), "");
}

}  // namespace
}  // namespace antiphon::asio_style::test
