// HttpProtocol, SN-001 to SN-013: one request after the other, answers early and late, and the bodies of
// requests.

#include <antiphon/app.hpp>
#include <thread>

#include "protocol_fixture.hpp"

namespace antiphon::asio_style::test {
namespace {

// ---- one protocol a connection

TEST_F(http_protocol, each_connection_has_a_protocol_and_a_parser_of_its_own_SN_001) {
  RunningServer server(router_);
  Client one(server.port());
  Client other(server.port());
  const std::string text = request("GET", "/");
  one.send(std::string_view(text).substr(0, 10));
  EXPECT_EQ(other.get("/").body, "ok") << "half a head of one is nothing to the other";
  one.send(std::string_view(text).substr(10));
  EXPECT_EQ(one.read_answer().body, "ok");
}

TEST_F(http_protocol, a_lost_connection_leaves_the_set_and_its_handler_may_no_longer_write_SN_002) {
  RunningServer server(router_);
  {
    Client client(server.port());
    client.send(request("GET", "/hold"));
    server.wait_until([this](HttpServer& it) { return held_ != nullptr && it.connections() == 1; });
    client.reset();
  }
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
  EXPECT_EQ(cancelled_, 1);
  EXPECT_EQ(server.on_loop([](HttpServer& it) { return it.buffered(); }), 0U);
}

TEST_F(http_protocol, what_cannot_be_parsed_is_a_400_and_the_end_however_it_is_cut_SN_003) {
  RunningServer server(router_);
  const std::string broken = "GET / HTTP/1.1\r\nHost: t\r\nno colon\r\n\r\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, broken.size()}) {
    Client client(server.port());
    for (std::size_t at = 0; at < broken.size(); at += step)
      client.send(std::string_view(broken).substr(at, step));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 400U);
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST_F(http_protocol, octets_of_a_body_without_a_length_are_counted_against_its_limit_SN_003) {
  route("POST", [](const Request&, Exchange& exchange) { exchange.respond(200, "text/plain", "took it"); });
  HttpLimits limits;
  limits.parser.body = 10;
  RunningServer server(router_, limits);
  Client client(server.port());
  client.send(request("POST", "/it", "Transfer-Encoding: chunked\r\n") +
              "5\r\n12345\r\n5\r\n67890\r\n1\r\n!\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 413U);
}

// ---- one after the other

TEST_F(http_protocol, handlers_of_pipelined_requests_do_not_nest_SN_007) {
  int depth = 0;
  int deepest = 0;
  route("GET", [&](const Request&, Exchange& exchange) {
    deepest = std::max(deepest, ++depth);
    exchange.respond(200, "text/plain", "x");
    --depth;
  });
  RunningServer server(router_);
  Client client(server.port());
  std::string many;
  for (int i = 0; i < 1000; ++i) many += request("GET", "/it");
  client.send(many);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.read_answer().body, "x");
  server.stop();
  EXPECT_EQ(deepest, 1);
}

TEST_F(http_protocol, an_answer_may_come_from_anywhere_on_the_loop_SN_008) {
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("GET", "/hold") + request("GET", "/") + request("GET", "/hold"));
  release(server);
  EXPECT_EQ(client.read_answer().body, "held");
  EXPECT_EQ(client.read_answer().body, "ok");
  release(server);
  EXPECT_EQ(client.read_answer().body, "held");
}

TEST_F(http_protocol, a_streamed_answer_may_come_from_anywhere_on_the_loop_SN_008) {
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("GET", "/hold"));
  server.wait_until([this](HttpServer&) { return held_ != nullptr; });
  const auto step = [&](auto what) {
    server.on_loop([&](HttpServer&) {
      what(*held_);
      return 0;
    });
  };
  step([](Exchange& it) { it.start(200, {}, std::nullopt); });
  step([](Exchange& it) { it.write("one "); });
  step([](Exchange& it) { it.write("two"); });
  step([](Exchange& it) { it.finish(); });
  EXPECT_EQ(client.read_answer().body, "one two");
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(http_protocol, answers_are_gathered_into_one_write) {
  route("GET", [](const Request&, Exchange& exchange) {
    exchange.start(200, {}, std::nullopt);
    for (int i = 0; i < 10; ++i) exchange.write("piece");
    exchange.finish();
  });
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("GET", "/it"));
  EXPECT_EQ(client.read_answer().body.size(), 50U);
  EXPECT_EQ(server.statistics().writes, 1U);
  std::string many;
  for (int i = 0; i < 32; ++i) many += request("GET", "/");
  client.send(many);
  for (int i = 0; i < 32; ++i) EXPECT_EQ(client.read_answer().body, "ok");
  EXPECT_EQ(server.statistics().writes, 2U);
}

TEST_F(http_protocol, only_the_first_answer_counts) {
  route("GET", [](const Request&, Exchange& exchange) {
    exchange.respond(200, "text/plain", "first");
    exchange.respond(200, "text/plain", "second");
    exchange.start(200, {}, std::nullopt);
    exchange.write("third");
    exchange.finish();
  });
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("GET", "/it") + request("GET", "/"));
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().body, "ok");
}

TEST_F(http_protocol, keeps_the_connection_as_version_and_client_want_SN_009) {
  RunningServer server(router_);
  const auto ask = [&server](const std::string& octets) {
    Client client(server.port());
    client.send(octets);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.body, "ok");
    if (answer.headers.get("Connection") == "close") {
      EXPECT_EQ(client.read_to_end(), "");
      return false;
    }
    return client.get("/").status == 200;
  };
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_FALSE(ask("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(ask("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_F(http_protocol, empty_lines_between_requests_mean_nothing) {
  RunningServer server(router_);
  Client client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send(request("GET", "/") + "\r\n");
    EXPECT_EQ(client.read_answer().body, "ok");
  }
}

TEST_F(http_protocol, what_is_pipelined_is_bounded_SN_010) {
  RunningServer server(router_, {.pipelined = 1000});
  Client client(server.port());
  client.send(request("GET", "/hold"));
  server.wait_until([this](HttpServer&) { return held_ != nullptr; });
  std::string many;
  while (many.size() < 1 << 20) many += request("GET", "/");
  std::size_t sent = 0;
  server.wait_until([&](HttpServer& it) {
    sent += client.send_some(std::string_view(many).substr(sent, 10'000));
    return it.statistics().most_ahead > 1000;
  });
  EXPECT_LE(server.statistics().most_ahead, 1000U + 256 * 1024);  // and one read
  const std::uint64_t received = server.statistics().octets_received;
  sent += client.send_some(std::string_view(many).substr(sent));
  for (int turn = 0; turn < 100; ++turn) EXPECT_EQ(server.statistics().octets_received, received);
  many.resize(sent - sent % request("GET", "/").size());  // the answers that can be expected
  release(server);
  EXPECT_EQ(client.read_answer().body, "held");
  for (std::size_t i = 0; i < many.size() / request("GET", "/").size(); ++i) {
    ASSERT_EQ(client.read_answer().body, "ok") << i;
  }
}

TEST_F(http_protocol, a_client_that_pipelines_and_does_not_read_is_not_answered_any_further_SN_013) {
  RunningServer server(app(), {.pipelined = 1000});
  Client client(server.port(), 4096);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += request("GET", "/bytes/100000");
  client.send(many);
  server.wait_until([](HttpServer& it) { return it.buffered() > 65536; });
  EXPECT_LT(server.statistics().responses[2], 1000U);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.read_answer().body.size(), 100'000U);
  EXPECT_LE(server.statistics().most_buffered, 65536U + 64 * 251 + 256);
}

// ---- the request's body

TEST_F(http_protocol, a_handler_that_pauses_the_body_stops_the_reading_SN_013) {
  std::size_t told = 0;
  Exchange* paused = nullptr;
  route(
      "POST",
      [&](const Request&, Exchange& exchange) {
        exchange.on_body([&](std::span<const std::byte> piece, bool last) {
          told += piece.size();
          if (last) return exchange.respond(200, "text/plain", std::to_string(told));
          if (paused == nullptr) exchange.pause_body();
          paused = &exchange;
        });
      },
      Body::streamed);
  RunningServer server(router_);
  Client client(server.port());
  const std::string body(8 << 20, 'x');
  std::thread writer([&] { client.send(request("POST", "/it", "", body)); });
  server.wait_until([&](HttpServer&) { return paused != nullptr; });
  const std::size_t so_far = server.on_loop([&](HttpServer&) { return told; });
  const std::uint64_t received = server.statistics().octets_received;
  for (int turn = 0; turn < 100; ++turn) EXPECT_EQ(server.statistics().octets_received, received);
  EXPECT_EQ(server.on_loop([&](HttpServer&) { return told; }), so_far);
  server.on_loop([&](HttpServer&) { return paused->resume_body(), 0; });
  EXPECT_EQ(client.read_answer().body, std::to_string(body.size()));
  writer.join();
}

TEST_F(http_protocol, a_body_waits_for_a_handler_that_asks_for_it_later) {
  route(
      "POST",
      [](const Request&, Exchange& exchange) {
        exchange.after(std::chrono::milliseconds(1), [&exchange] {
          exchange.on_body(
              [&exchange, all = std::string()](std::span<const std::byte> piece, bool last) mutable {
                all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                if (last) exchange.respond(200, "text/plain", all);
              });
        });
      },
      Body::streamed);
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("POST", "/it", "", "early octets") + request("POST", "/it", "", "more"));
  EXPECT_EQ(client.read_answer().body, "early octets");
  EXPECT_EQ(client.read_answer().body, "more");
}

TEST_F(http_protocol, a_collected_body_can_be_taken_as_one_piece) {
  route("POST", [](const Request&, Exchange& exchange) {
    exchange.on_body([&exchange](std::span<const std::byte> piece, bool last) {
      exchange.respond(200, "text/plain", std::to_string(piece.size()) + (last ? " last" : ""));
    });
  });
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("POST", "/it", "", "12345"));
  EXPECT_EQ(client.read_answer().body, "5 last");
}

constexpr std::string_view expecting =
    "POST /it HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

TEST_F(http_protocol, invites_a_body_that_is_collected_once) {
  route("POST", [](const Request& request, Exchange& exchange) {
    exchange.respond(200, "text/plain", request.body());
  });
  RunningServer server(router_);
  Client client(server.port());
  for (int i = 0; i < 2; ++i) {
    client.send(expecting);
    EXPECT_EQ(client.read_answer().status, 100U);
    client.send("hello");
    EXPECT_EQ(client.read_answer().body, "hello");
  }
}

TEST_F(http_protocol, invites_a_body_when_the_handler_wants_it) {
  RunningServer server(app());
  Client client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100U);
  client.send("hello");
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.get("/").status, 200U);
}

TEST_F(http_protocol, does_not_invite_a_body_that_the_handler_refuses) {
  route(
      "POST", [](const Request&, Exchange& exchange) { exchange.respond(403, "text/plain", "no"); },
      Body::streamed);
  RunningServer server(router_);
  Client client(server.port());
  client.send(expecting);
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 403U);
  EXPECT_EQ(answer.headers.get("Connection"), "close");  // the body may come or not: nobody can tell
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(http_protocol, a_small_unwanted_body_is_read_over_and_a_large_one_ends_the_connection) {
  route(
      "POST", [](const Request&, Exchange& exchange) { exchange.respond(200, "text/plain", "no need"); },
      Body::streamed);
  RunningServer server(router_, {.unwanted_body = 1000});
  Client client(server.port());
  for (const std::string_view target : {"/it", "/nowhere"}) {
    client.send(request("POST", target, "", std::string(1000, 'x')));
    EXPECT_FALSE(client.read_answer().headers.contains("Connection"));
  }
  EXPECT_EQ(client.get("/").body, "ok");
  for (const std::string_view target : {"/it", "/nowhere"}) {
    Client other(server.port());
    other.send(request("POST", target, "", std::string(1001, 'x')) + request("GET", "/"));
    EXPECT_EQ(other.read_answer().headers.get("Connection"), "close") << target;
    EXPECT_EQ(other.read_to_end(), "");
  }
  Client chunked(server.port());
  chunked.send(request("POST", "/nowhere", "Transfer-Encoding: chunked\r\n") + "7d0\r\n" +
               std::string(2000, 'x'));
  EXPECT_EQ(chunked.read_answer().status, 404U);
  EXPECT_EQ(chunked.read_to_end(), "");
}

}  // namespace
}  // namespace antiphon::asio_style::test
