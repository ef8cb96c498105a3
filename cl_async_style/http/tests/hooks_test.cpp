// What happens around a request, when, and what a hook can do to it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::StartsWith;

using strings = std::vector<std::string>;

/// Writes down every hook's call.
void log_hooks(strings& order) {
  add_hook(hook::connect, [&](socket&) { order.emplace_back("connect"); });
  add_hook(hook::parsed_headers,
           [&](request& of) { order.push_back("parsed-headers " + std::string(of.path())); });
  add_hook(hook::pre_route, [&](request&, response&) { order.emplace_back("pre-route"); });
  add_hook(hook::body_chunk, [&](request&, std::span<const std::byte> chunk, bool finished) {
    order.push_back("body-chunk " + std::to_string(chunk.size()) + (finished ? " last" : ""));
  });
  add_hook(hook::body_complete,
           [&](request& of) { order.push_back("body-complete " + std::to_string(request_body(of).size())); });
  add_hook(hook::response_started,
           [&](response&, request&, unsigned status, std::span<const http::Field>, std::string_view) {
             order.push_back("response-started " + std::to_string(status));
           });
  add_hook(hook::post_route, [&](request&, response& to) {
    order.emplace_back(response_finished_p(to) ? "post-route finished" : "post-route");
  });
}

/// Resolves later, from a timer of the loop.
promise in_a_moment(std::function<void()> before = {}) {
  return make_promise([&](const resolver& done) {
    delay(
        [done, before = std::move(before)] {
          if (before) before();
          done.resolve();
        },
        {.time = milliseconds(5)});
  });
}
promise refused_in_a_moment() {
  return make_promise([](const resolver& done) {
    delay([done] { done.reject(std::runtime_error("refused")); }, {.time = milliseconds(5)});
  });
}

TEST(hooks, run_in_Wookies_order_WK_050_WK_051_WK_053) {
  strings order;
  web server([&] {
    log_hooks(order);
    add_hook(hook::pre_route, [&](request&, response&) { order.emplace_back("pre-route again"); });
    defroute("POST", "/", [&](request&, response& to, const auto&) {
      order.emplace_back("handler");
      send_response(to, {});
    });
  });
  client peer(server);
  peer.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nabc");
  while (server.in_loop([&](http_server&) { return order.size(); }) < 3) std::this_thread::yield();
  peer.send("de");
  peer.answer();
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(order, ElementsAre("connect", "parsed-headers /", "body-chunk 3", "body-chunk 2",
                                 "body-chunk 0 last", "body-complete 5", "pre-route", "pre-route again",
                                 "handler", "response-started 200", "post-route finished"));
}

TEST(hooks, of_a_chunk_route_surround_its_pieces_WK_052) {
  strings order;
  web server([&] {
    log_hooks(order);
    defroute("POST", "/chunk",
             [&](request& of, response& to, const auto&) {
               order.emplace_back("handler");
               with_chunking(of, [&](std::span<const std::byte> piece, bool last) {
                 order.push_back("chunk " + std::to_string(piece.size()));
                 if (last) send_response(to, {});
               });
             },
             {.chunk = true});
  });
  client peer(server);
  peer.send(
      "POST /chunk HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  peer.answer();
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(order, ElementsAre("connect", "parsed-headers /chunk", "pre-route", "handler", "post-route",
                                 "body-chunk 3", "chunk 3", "body-chunk 2", "chunk 2", "body-chunk 0 last",
                                 "chunk 0", "response-started 200", "body-complete 0"));
}

TEST(hooks, post_route_is_left_out_without_a_route_and_response_started_is_not_WK_050) {
  strings order;
  web server([&] { log_hooks(order); });
  {
    client peer(server);
    peer.get("/nothing");
    peer.send("GET /bad HTTP/1.1\r\nno field\r\n\r\n");
    peer.read_all();
  }
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(order, ElementsAre("connect", "parsed-headers /nothing", "body-chunk 0 last", "body-complete 0",
                                 "pre-route", "response-started 404", "response-started 400"));
}

TEST(hooks, a_hook_may_defer_every_step_and_nothing_is_lost_WK_054_WK_021_WK_057_WK_093) {
  strings order;
  web server([&] {
    log_hooks(order);
    const auto wait = [&order](const char* what) {
      return in_a_moment([&order, what] { order.emplace_back(what); });
    };
    add_hook(hook::connect, [=](socket&) { return wait("connected"); });
    add_hook(hook::parsed_headers, [=](request&) { return wait("headers"); });
    add_hook(hook::body_chunk, [=](request&, auto, bool last) { return wait(last ? "no more" : "piece"); });
    add_hook(hook::body_complete, [=](request&) { return wait("complete"); });
    add_hook(hook::pre_route, [=](request&, response&) { return wait("ready"); });
    add_hook(hook::response_started,
             [=](response&, request&, unsigned, auto, auto) { return wait("answer"); });
    defroute("*", "/", [&](request& of, response& to, const auto&) {
      order.emplace_back("handler");
      send_response(to, {.headers = {{"X-Kept", "yes"}}, .body = request_body(of)});
      EXPECT_TRUE(to.started()) << "although its hooks are not done";
      EXPECT_THROW(send_response(to, {.body = "two"}), response_already_sent);
    });
  });
  client peer(server);
  peer.send(post("/", "abc") + "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  peer.shutdown();
  EXPECT_THAT(peer.read_to("\r\n\r\n"), testing::HasSubstr("X-Kept: yes\r\n"));
  EXPECT_EQ(peer.read(3), "abc");
  EXPECT_THAT(peer.read_all(), testing::EndsWith("Content-Length: 0\r\nConnection: close\r\n\r\n"));
  server.stop(std::chrono::seconds(10));
  strings expected{"connect", "connected"};
  const auto add = [&expected](const strings& several) {
    expected.insert(expected.end(), several.begin(), several.end());
  };
  for (const char* body : {"3", "0"}) {
    add({"parsed-headers /", "headers"});
    if (body == std::string("3")) add({"body-chunk 3", "piece"});
    add({"body-chunk 0 last", "no more", std::string("body-complete ") + body, "complete", "pre-route",
         "ready", "handler", "response-started 200", "post-route", "answer"});
  }
  EXPECT_EQ(order, expected);
}

TEST(hooks, a_chunk_route_waits_for_its_hooks_too_WK_054) {
  web server([] {
    add_hook(hook::pre_route, [](request&, response&) { return in_a_moment(); });
    add_hook(hook::body_chunk, [](request&, auto, bool) { return in_a_moment(); });
    add_hook(hook::response_started, [](response&, request&, unsigned, auto, auto) { return in_a_moment(); });
    defroute("POST", "/",
             [](request& of, response& to, const auto&) {
               start_response(to);
               with_chunking(of, [&to](std::span<const std::byte> piece, bool last) {
                 to.write(piece);
                 if (last) finish_response(to);
               });
             },
             {.chunk = true});
  });
  client peer(server);
  std::string body;
  for (int i = 0; i < 50; ++i) {
    peer.send(post("/", "abcdef"));
    const std::string all = peer.read_to("\r\n0\r\n\r\n");
    body = all.substr(all.find("\r\n\r\n") + 4);
    ASSERT_THAT(body, testing::AnyOf("6\r\nabcdef\r\n0\r\n\r\n"));
  }
}

TEST(hooks, all_hooks_of_a_kind_are_started_before_one_is_waited_for_WK_054) {
  strings order;
  web server([&] {
    for (const char* name : {"one", "two"})
      add_hook(hook::pre_route, [&order, name](request&, response&) {
        order.push_back(std::string(name) + " begins");
        return in_a_moment([&order, name] { order.push_back(std::string(name) + " ends"); });
      });
    defroute("GET", "/", [&](request&, response& to, const auto&) {
      order.emplace_back("handler");
      send_response(to, {});
    });
  });
  client peer(server);
  peer.get("/");
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(order, ElementsAre("one begins", "two begins", "one ends", "two ends", "handler"));
}

/// Where a hook can fail.
struct failing {
  const char* name;
  std::function<void(bool later)> add;
};

template <typename Kind>
failing failing_hook(const char* name, Kind kind) {
  return {name, [kind](bool later) {
            add_hook(kind, [later](auto&&...) -> promise {
              if (later) return refused_in_a_moment();
              throw std::runtime_error("refused");
            });
          }};
}

TEST(hooks, an_error_in_a_hook_stops_the_step_and_is_one_500_WK_055_WK_110) {
  for (const failing& where :
       {failing_hook("parsed-headers", hook::parsed_headers), failing_hook("pre-route", hook::pre_route),
        failing_hook("body-chunk", hook::body_chunk), failing_hook("body-complete", hook::body_complete),
        failing_hook("response-started", hook::response_started)}) {
    for (const bool later : {false, true}) {
      SCOPED_TRACE(std::string(where.name) + (later ? " later" : ""));
      bool handled = false;
      web server([&] {
        where.add(later);
        defroute("POST", "/", [&](request&, response& to, const auto&) {
          handled = true;
          send_response(to, {.body = "not this"});
        });
      });
      client peer(server);
      for (int i = 0; i < 2; ++i) {  // the connection goes on
        unsigned status = 0;
        peer.send(
            "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
            "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        EXPECT_EQ(peer.answer(&status), "internal server error\n") << "not the error's text (WK-111)";
        EXPECT_EQ(status, 500U);
      }
      EXPECT_THAT(server.log(), ElementsAre("refused", "refused"));
      peer.shutdown();
      EXPECT_EQ(peer.read_all(), "") << "nothing behind the one answer";
      server.stop(std::chrono::seconds(10));
      EXPECT_EQ(handled, where.name == std::string("response-started"));
    }
  }
}

TEST(hooks, an_error_in_post_route_comes_too_late_for_the_answer_WK_055) {
  web server([] {
    add_hook(hook::post_route, [](request&, response&) { throw std::runtime_error("afterwards"); });
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "fine"}); });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/"), "fine");
  EXPECT_EQ(peer.get("/"), "fine");
  EXPECT_THAT(server.log(), testing::Contains("afterwards"));
}

TEST(hooks, a_connect_hook_can_refuse_the_connection_WK_020) {
  for (const bool later : {false, true}) {
    web server([&] {
      add_hook(hook::connect, [later](socket&) -> promise {
        if (later) return refused_in_a_moment();
        throw std::runtime_error("refused");
      });
      defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {}); });
    });
    client peer(server);
    peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(peer.read_all(), "");
    EXPECT_THAT(server.log(), ElementsAre("refused"));
  }
}

TEST(hooks, a_promise_that_nobody_can_finish_is_an_error_and_no_hang) {
  web server([] {
    add_hook(hook::pre_route, [](request&, response&) { return make_promise([](const resolver&) {}); });
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {}); });
  });
  client peer(server);
  unsigned status = 0;
  peer.get("/", &status);
  EXPECT_EQ(status, 500U);
}

TEST(hooks, a_hook_that_never_ends_is_503_and_its_late_end_is_nothing) {
  std::vector<resolver> kept;
  web server(
      [&] {
        add_hook(hook::pre_route, [&](request&, response&) {
          return make_promise([&](const resolver& done) { kept.push_back(done); });
        });
        defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {}); });
      },
      {.response_timeout = milliseconds(40)});
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(peer.read_to("\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
  server.in_loop([&](http_server&) { kept.back().resolve(); });
  peer.shutdown();
  EXPECT_EQ(peer.read_all(), "no answer in time\n");
  server.in_loop([&](http_server&) { kept.clear(); });
}

TEST(hooks, a_client_may_go_while_a_hook_is_under_way) {
  std::vector<resolver> kept;
  bool handled = false;
  web server([&] {
    add_hook(hook::pre_route, [&](request&, response&) {
      return make_promise([&](const resolver& done) { kept.push_back(done); });
    });
    defroute("GET", "/", [&](request&, response& to, const auto&) {
      handled = true;
      send_response(to, {});
    });
  });
  {
    client peer(server);
    peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    while (server.in_loop([&](http_server&) { return kept.empty(); })) std::this_thread::yield();
    peer.reset();
  }
  while (server.in_loop([](http_server& s) { return s.connections(); }) > 0) std::this_thread::yield();
  server.in_loop([&](http_server&) {
    kept.back().resolve();
    kept.clear();
  });
  server.stop(std::chrono::seconds(10));
  EXPECT_FALSE(handled);
}

TEST(hooks, a_hook_may_answer_instead_of_the_handler) {
  bool handled = false;
  web server([&] {
    add_hook(hook::pre_route, [](request& of, response& to) {
      if (!of.headers().contains("Authorization")) send_response(to, {.status = 401, .body = "who are you?"});
    });
    defroute("GET", "/", [&](request&, response& to, const auto&) {
      handled = true;
      send_response(to, {});
    });
  });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/", &status), "who are you?");
  EXPECT_EQ(status, 401U);
  server.stop(std::chrono::seconds(10));
  EXPECT_FALSE(handled);
}

TEST(hooks, are_removed_by_name_kind_or_all_WK_056) {
  strings order;
  web server([&] {
    add_hook(
        hook::pre_route, [&](request&, response&) { order.emplace_back("a"); }, "a");
    add_hook(
        hook::pre_route, [&](request&, response&) { order.emplace_back("b"); }, "b");
    add_hook(hook::post_route, [&](request&, response&) { order.emplace_back("post"); });
    EXPECT_EQ(remove_hook(hook::pre_route, "a"), 1U);
    EXPECT_EQ(remove_hook(hook::pre_route, "a"), 0U);
    clear_hooks(hook::post_route);
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {}); });
  });
  client peer(server);
  peer.get("/");
  server.in_loop([](http_server&) { clear_hooks(); });
  peer.get("/");
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(order, ElementsAre("b"));
}

TEST(hooks, several_listeners_share_routes_and_hooks_WK_003) {
  strings order;
  std::uint16_t second = 0;
  std::shared_ptr<http_server> other;
  web server([&] {
    log_hooks(order);
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "shared"}); });
    other = start_server({.bind = "127.0.0.1", .port = 0});
    second = other->port();
  });
  client one(server);
  EXPECT_EQ(one.get("/"), "shared");
  client two(second);
  EXPECT_EQ(two.get("/"), "shared");
  server.in_loop([&](http_server&) {
    EXPECT_EQ(std::count(order.begin(), order.end(), "pre-route"), 2);
    stop_server(*std::exchange(other, nullptr), milliseconds(0), [](std::size_t) {});
  });
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
