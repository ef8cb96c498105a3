// HttpProtocol, SN-011, SN-014, SN-015: handlers that fail, clients that go, and what the other side gets to
// see of it.

#include <antiphon/app.hpp>
#include <stdexcept>

#include "protocol_fixture.hpp"

namespace antiphon::asio_style::test {
namespace {

class ends : public http_protocol {};

// ---- handlers that fail

TEST_F(ends, a_handler_that_throws_is_a_500_and_the_connection_lives_SN_014) {
  route("GET", [](const Request&, Exchange&) { throw std::runtime_error("boom"); });
  RunningServer server(router_);
  Client client(server.port());
  EXPECT_EQ(client.get("/it").status, 500U);
  EXPECT_EQ(client.get("/").status, 200U);
  ASSERT_EQ(server.log().size(), 1U);
  EXPECT_TRUE(server.log().front().ends_with("GET /it: runtime_error: boom")) << server.log().front();
}

TEST_F(ends, a_thrown_value_of_any_kind_is_a_500_SN_014) {
  route("GET", [](const Request&, Exchange&) { throw 42; });
  RunningServer server(router_);
  Client client(server.port());
  EXPECT_EQ(client.get("/it").status, 500U);
}

TEST_F(ends, callbacks_that_throw_are_the_handlers_failure_SN_014) {
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

TEST_F(ends, half_an_answer_ends_in_an_abort_and_the_server_goes_on_SN_014) {
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

TEST_F(ends, a_header_field_that_would_split_the_response_is_a_500) {
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

TEST_F(ends, a_body_of_another_length_than_announced_ends_the_connection) {
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

TEST_F(ends, a_client_that_resets_cancels_its_handler_once_SN_015) {
  RunningServer server(router_);
  Client client(server.port());
  client.send(request("GET", "/hold"));
  server.wait_until([this](HttpServer&) { return held_ != nullptr; });
  client.reset();
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
  EXPECT_EQ(cancelled_, 1);
}

TEST_F(ends, nothing_of_a_handler_runs_after_its_cancellation_SN_015) {
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

TEST_F(ends, an_endless_answer_ends_with_its_client_SN_015) {
  RunningServer server(app());
  Client client(server.port(), 4096);
  client.send(request("GET", "/bytes/1125899906842624"));
  EXPECT_EQ(client.read(100'000).size(), 100'000U);
  client.reset();
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
}

TEST_F(ends, a_half_closed_client_still_gets_its_answers) {
  RunningServer server(app());
  Client client(server.port());
  client.send(request("GET", "/delay/10") + request("GET", "/stream/2") + request("GET", "/"));
  client.shutdown();
  EXPECT_EQ(client.read_answer().body, "waited\n");
  EXPECT_EQ(client.read_answer().body, "chunk 0\nchunk 1\n");
  EXPECT_EQ(client.read_answer().body, "hello, world\n");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ends, a_request_cut_short_is_a_400) {
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

TEST_F(ends, a_body_cut_short_cancels_the_handler_that_takes_it) {
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

TEST_F(ends, a_client_that_goes_on_sending_can_read_its_error_SN_011) {
  RunningServer server(router_);
  Client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 999999999\r\n\r\n");
  EXPECT_TRUE(client.send(std::string(16 << 20, 'x')));
  EXPECT_EQ(client.read_answer().status, 413U);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ends, a_client_that_never_ends_sending_is_closed_all_the_same) {
  RunningServer server(router_, {.linger_timeout = std::chrono::hours(1), .linger_octets = 1 << 20});
  Client client(server.port());
  client.send("nonsense\r\n\r\n");
  const std::string more(1 << 20, 'x');
  while (client.send(more)) continue;
  server.wait_until([](HttpServer& it) { return it.connections() == 0; });
}

TEST_F(ends, one_connection_too_many_is_told_503) {
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

TEST_F(ends, a_loop_that_is_closed_frees_connections_of_every_state) {
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
