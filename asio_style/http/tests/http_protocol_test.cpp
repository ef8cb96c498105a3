// HttpProtocol, SN-007 to SN-015: one request after the other, answers early and late, and the ways it all
// ends.

#include <gtest/gtest.h>

#include <antiphon/app.hpp>
#include <atomic>
#include <stdexcept>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using http::Body;
using http::Exchange;
using http::Field;
using http::Request;

/// A router for one test, and what its handlers leave behind. Handlers run on the server's thread.
class http_protocol : public testing::Test {
 protected:
  http_protocol() {
    router_.add("GET", "/",
                [](const Request&, Exchange& exchange) { exchange.respond(200, "text/plain", "ok"); });
    // Answers when the test says so.
    router_.add("GET", "/hold", [this](const Request&, Exchange& exchange) {
      exchange.on_cancel([this] { ++cancelled_; });
      held_ = &exchange;
    });
  }
  void release(RunningServer& server) {
    server.wait_until([this](HttpServer&) { return held_ != nullptr; });
    server.on_loop([this](HttpServer&) {
      std::exchange(held_, nullptr)->respond(200, "text/plain", "held");
      return 0;
    });
  }
  void route(std::string_view method, http::Handler handler, Body body = Body::buffered) {
    router_.add(method, "/it", std::move(handler), {.body = body});
  }

  http::Router router_;
  Exchange* held_ = nullptr;
  std::atomic<int> cancelled_ = 0;
};

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

// ---- handlers that fail

TEST_F(http_protocol, a_handler_that_throws_is_a_500_and_the_connection_lives_SN_014) {
  route("GET", [](const Request&, Exchange&) { throw std::runtime_error("boom"); });
  RunningServer server(router_);
  Client client(server.port());
  EXPECT_EQ(client.get("/it").status, 500U);
  EXPECT_EQ(client.get("/").status, 200U);
  ASSERT_EQ(server.log().size(), 1U);
  EXPECT_TRUE(server.log().front().ends_with("GET /it: runtime_error: boom")) << server.log().front();
}

TEST_F(http_protocol, a_thrown_value_of_any_kind_is_a_500_SN_014) {
  route("GET", [](const Request&, Exchange&) { throw 42; });
  RunningServer server(router_);
  Client client(server.port());
  EXPECT_EQ(client.get("/it").status, 500U);
}

TEST_F(http_protocol, callbacks_that_throw_are_the_handlers_failure_SN_014) {
  route("GET", [](const Request&, Exchange& exchange) {
    exchange.after(std::chrono::milliseconds(1), [] { throw std::runtime_error("late"); });
  });
  route(
      "POST",
      [](const Request&, Exchange& exchange) {
        exchange.on_body([](std::span<const std::byte>, bool) { throw std::runtime_error("body"); });
      },
      Body::streamed);
  RunningServer server(router_);
  Client client(server.port());
  EXPECT_EQ(client.get("/it").status, 500U);
  client.send(request("POST", "/it", "", "x"));
  EXPECT_EQ(client.read_answer().status, 500U);
}

TEST_F(http_protocol, half_an_answer_ends_in_an_abort_and_the_server_goes_on_SN_014) {
  route("GET", [this](const Request&, Exchange& exchange) {
    exchange.on_cancel([this] { ++cancelled_; });
    exchange.start(200, {}, 1000);
    exchange.write("half");
    throw std::runtime_error("boom");
  });
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("GET", "/it"));
  const auto all = client.read_to_end();
  EXPECT_FALSE(all && all->ends_with("internal server error\n"));
  EXPECT_EQ(Client(server.port()).get("/").status, 200U);
  EXPECT_EQ(cancelled_, 1);
}

TEST_F(http_protocol, a_header_field_that_would_split_the_response_is_a_500) {
  route("GET", [](const Request&, Exchange& exchange) {
    const std::array fields{Field{"X-Bad", "a\r\nSet-Cookie: b"}};
    exchange.respond(http::ResponseView{200, fields, "body"});
  });
  RunningServer server(router_);
  Client client(server.port());
  const Answer answer = client.get("/it");
  EXPECT_EQ(answer.status, 500U);
  EXPECT_FALSE(answer.headers.contains("Set-Cookie"));
}

TEST_F(http_protocol, a_body_of_another_length_than_announced_ends_the_connection) {
  route("GET", [](const Request&, Exchange& exchange) {
    exchange.start(200, {}, 4);
    exchange.write("123456");
    exchange.finish();
  });
  route("POST", [](const Request&, Exchange& exchange) {
    exchange.start(200, {}, 6);
    exchange.write("1234");
    exchange.finish();
  });
  RunningServer server(router_);
  Client more(server.port());
  more.send(request("GET", "/it") + request("GET", "/"));
  EXPECT_TRUE(more.read_to_end().value().ends_with("\r\n\r\n1234"));
  Client less(server.port());
  less.send(request("POST", "/it") + request("GET", "/"));
  EXPECT_EQ(count(less.read_to_end().value_or(""), "HTTP/1.1 200"), 1U);
}

// ---- clients that go

TEST_F(http_protocol, a_client_that_resets_cancels_its_handler_once_SN_015) {
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("GET", "/hold"));
  server.wait_until([this](HttpServer&) { return held_ != nullptr; });
  client.reset();
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
  EXPECT_EQ(cancelled_, 1);
}

TEST_F(http_protocol, nothing_of_a_handler_runs_after_its_cancellation_SN_015) {
  std::atomic<int> late = 0;
  route("GET", [&](const Request&, Exchange& exchange) {
    exchange.on_cancel([&, this] {
      ++cancelled_;
      exchange.respond(200, "text/plain", "to nobody");
      exchange.after(std::chrono::milliseconds(0), [&late] { ++late; });
    });
    exchange.on_writable([&late] { ++late; });
    exchange.after(std::chrono::hours(1), [&late] { ++late; });
    held_ = &exchange;
  });
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("GET", "/it"));
  server.wait_until([this](HttpServer&) { return held_ != nullptr; });
  client.reset();
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
  server.stop();
  EXPECT_EQ(cancelled_, 1);
  EXPECT_EQ(late, 0);
}

TEST_F(http_protocol, an_endless_answer_ends_with_its_client_SN_015) {
  RunningServer server(app());
  Client client(server.port(), 4096);
  client.send(request("GET", "/bytes/1125899906842624"));
  EXPECT_EQ(client.read(100'000).size(), 100'000U);
  client.reset();
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
}

TEST_F(http_protocol, a_half_closed_client_still_gets_its_answers) {
  RunningServer server(app());
  Client client(server.port());
  client.send(request("GET", "/delay/10") + request("GET", "/stream/2") + request("GET", "/"));
  client.shutdown();
  EXPECT_EQ(client.read_answer().body, "waited\n");
  EXPECT_EQ(client.read_answer().body, "chunk 0\nchunk 1\n");
  EXPECT_EQ(client.read_answer().body, "hello, world\n");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(http_protocol, a_request_cut_short_is_a_400) {
  RunningServer server(app());
  for (const std::string& octets :
       {std::string("GET / HT"), request("POST", "/nowhere", "Content-Length: 5\r\n")}) {
    Client client(server.port());
    client.send(octets);
    client.shutdown();
    EXPECT_EQ(client.read_answer().status, 400U) << octets;
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST_F(http_protocol, a_body_cut_short_cancels_the_handler_that_takes_it) {
  route(
      "POST",
      [this](const Request&, Exchange& exchange) {
        exchange.on_cancel([this] { ++cancelled_; });
        exchange.on_body([this](std::span<const std::byte>, bool last) { EXPECT_FALSE(last); });
      },
      Body::streamed);
  RunningServer server(router_);
  Client client(server.port());
  client.send("POST /it HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nabc");
  client.shutdown();
  EXPECT_EQ(client.read_answer().status, 400U);
  EXPECT_EQ(cancelled_, 1);
}

TEST_F(http_protocol, a_client_that_goes_on_sending_can_read_its_error_SN_011) {
  RunningServer server(router_);
  Client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 999999999\r\n\r\n");
  EXPECT_TRUE(client.send(std::string(16 << 20, 'x')));
  EXPECT_EQ(client.read_answer().status, 413U);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(http_protocol, a_client_that_never_ends_sending_is_closed_all_the_same) {
  RunningServer server(router_, {.linger_timeout = std::chrono::hours(1), .linger = 1 << 20});
  Client client(server.port());
  client.send("nonsense\r\n\r\n");
  const std::string more(1 << 20, 'x');
  while (client.send(more)) continue;
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
}

TEST_F(http_protocol, one_connection_too_many_is_told_503) {
  RunningServer server(router_, {.connections = 2});
  Client first(server.port());
  Client second(server.port());
  EXPECT_EQ(first.get("/").status, 200U);
  EXPECT_EQ(second.get("/").status, 200U);
  Client third(server.port());
  EXPECT_EQ(third.read_answer().status, 503U);
  EXPECT_EQ(third.read_to_end(), "");
  EXPECT_EQ(first.get("/").status, 200U);
}

TEST_F(http_protocol, a_loop_that_is_closed_frees_connections_of_every_state) {
  route(
      "POST",
      [this](const Request&, Exchange& exchange) {
        exchange.on_cancel([this] { ++cancelled_; });
        exchange.start(200, {}, std::nullopt);
      },
      Body::streamed);
  EventLoop loop;
  HttpServer server(loop, router_);
  loop.run_until_complete(server.start("127.0.0.1", 0));
  Client idle(server.port());
  Client held(server.port());
  Client body(server.port());
  held.send(request("GET", "/hold"));
  body.send(request("POST", "/it", "", "abc"));
  while (server.connections() < 3 || server.statistics().requests < 2)
    loop.run_until_complete(loop.sleep({}));
  loop.close();
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_EQ(held.read_to_end(), "");
}

}  // namespace
}  // namespace antiphon::asio_style::test
