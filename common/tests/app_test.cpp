#include "antiphon/app.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_exchange.hpp"

namespace antiphon {
namespace {

using http::FakeExchange;
using http::Request;
using http::Router;

class shared_app : public testing::Test {
 protected:
  void ask(std::string_view method, std::string_view target) {
    request.set_method(method);
    ASSERT_TRUE(request.set_target(target));
    const Router::Match match = app().find(request);
    if (match.found == Router::Found::route)
      match.route->handler(request, exchange);
    else
      http::respond_not_found(match, exchange);
  }
  Request request;
  FakeExchange exchange;
};

TEST_F(shared_app, greets) {
  ask("GET", "/");
  EXPECT_EQ(exchange.body, "hello, world\n");
  EXPECT_TRUE(exchange.headers.get("Content-Type")->starts_with("text/plain"));
  EXPECT_TRUE(exchange.finished);
}

TEST_F(shared_app, echoes_piece_by_piece_and_stops_the_sender_while_the_receiver_is_slow) {
  request.set_content_length(200'000);
  request.headers().add("content-type", "image/png");
  ask("POST", "/echo");
  const std::string piece(100'000, 'x');
  exchange.body_callback(std::as_bytes(std::span(piece)), false);
  EXPECT_EQ(exchange.length, 200'000U);
  EXPECT_EQ(exchange.headers.get("Content-Type"), "image/png");
  EXPECT_TRUE(exchange.body_paused);
  exchange.drain();
  EXPECT_FALSE(exchange.body_paused);
  EXPECT_FALSE(exchange.finished);
  exchange.body_callback(std::as_bytes(std::span(piece)), true);
  EXPECT_TRUE(exchange.finished);
  EXPECT_EQ(exchange.body, piece + piece);
}

TEST_F(shared_app, echoes_a_body_of_unknown_length_in_chunks) {
  request.set_content_length(std::nullopt);
  ask("POST", "/echo");
  const std::string piece(20'000, 'x');
  exchange.body_callback(std::as_bytes(std::span(piece)), false);
  EXPECT_FALSE(exchange.length);
  exchange.body_callback({}, true);
  EXPECT_TRUE(exchange.finished);
  EXPECT_EQ(exchange.body, piece);
}

TEST_F(shared_app, a_small_body_is_not_echoed_before_it_is_known_to_be_whole) {
  request.set_content_length(std::nullopt);
  ask("POST", "/echo");
  const std::string piece(8'000, 'x');
  exchange.body_callback(std::as_bytes(std::span(piece)), false);
  exchange.body_callback(std::as_bytes(std::span(piece)), false);
  EXPECT_EQ(exchange.status, 0U) << "an error in the rest can still be answered";
  exchange.body_callback(std::as_bytes(std::span(piece)).first(384), true);
  EXPECT_EQ(exchange.status, 200U);
  EXPECT_EQ(exchange.body.size(), 16'384U);
  EXPECT_TRUE(exchange.finished);
}

TEST_F(shared_app, streams_n_chunks) {
  ask("GET", "/stream/3");
  EXPECT_EQ(exchange.body, "chunk 0\nchunk 1\nchunk 2\n");
  EXPECT_FALSE(exchange.length);
}

TEST_F(shared_app, makes_octets_on_demand_and_never_far_ahead_of_the_reader) {
  ask("GET", "/bytes/10000000");
  EXPECT_EQ(exchange.length, 10'000'000U);
  while (!exchange.finished) exchange.drain();
  EXPECT_LE(exchange.most_waiting, 65536U + 64U * 251U);
  ASSERT_EQ(exchange.body.size(), 10'000'000U);
  for (std::size_t i = 0; i < exchange.body.size(); i += 997)
    ASSERT_EQ(static_cast<unsigned char>(exchange.body[i]), i % 251) << i;
}

TEST_F(shared_app, HEAD_of_a_large_body_makes_none_of_it) {
  ask("HEAD", "/bytes/1000000000000");
  EXPECT_EQ(exchange.length, 1'000'000'000'000U);
  EXPECT_EQ(exchange.body, "");
  EXPECT_TRUE(exchange.finished);
}

TEST_F(shared_app, waits) {
  ask("GET", "/delay/250");
  EXPECT_EQ(exchange.delay, std::chrono::milliseconds(250));
  EXPECT_FALSE(exchange.finished);
  exchange.timer();
  EXPECT_EQ(exchange.status, 200U);
}

TEST_F(shared_app, refuses_numbers_that_are_none_or_too_large_and_names_the_limit) {
  for (const char* target : {"/bytes/x", "/bytes/-1", "/bytes/1.5", "/bytes/99999999999999999999",
                             "/delay/60001", "/stream/1e3"}) {
    FakeExchange fresh;
    Request other;
    other.set_method("GET");
    ASSERT_TRUE(other.set_target(target));
    app().find(other).route->handler(other, fresh);
    EXPECT_EQ(fresh.status, 400U) << target;
    EXPECT_THAT(fresh.body, testing::HasSubstr("from 0 to ")) << target;
  }
}

TEST_F(shared_app, lists_the_headers_as_JSON) {
  request.headers().add("A", "x\"\\\x01");
  request.headers().add("a", "\xff");
  ask("GET", "/headers");
  EXPECT_EQ(exchange.body, "[[\"A\", \"x\\\"\\\\\\u0001\"], [\"a\", \"\\u00ff\"]]\n");
}

TEST_F(shared_app, knows_what_it_has_not) {
  ask("GET", "/nothing");
  EXPECT_EQ(exchange.status, 404U);
}

TEST_F(shared_app, tells_the_allowed_methods) {
  ask("GET", "/echo");
  EXPECT_EQ(exchange.status, 405U);
  EXPECT_EQ(exchange.headers.get("Allow"), "POST, OPTIONS");
}

}  // namespace
}  // namespace antiphon
