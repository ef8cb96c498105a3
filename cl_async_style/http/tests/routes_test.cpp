#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

route_handler say(std::string text) {
  return [text = std::move(text)](const request&, response& to, const auto&) {
    send_response(to, {.body = text});
  };
}

TEST(routes, a_regex_matches_the_whole_path_and_gives_its_groups_WK_032) {
  web server([] {
    defroute("GET", "/user/([a-z]+)/([0-9]+)", [](const request&, response& to, const auto& args) {
      send_response(to, {.body = std::string(args[0]) + "+" + std::string(args[1])});
    });
    defroute("GET", "/alt|/other", say("either"));
    defroute("GET", "/Case", say("exact"), {.case_sensitive = false});
  });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/user/ann/42"), "ann+42");
  EXPECT_EQ(peer.get("/user/ann/42/more", &status), "not found\n");
  EXPECT_EQ(status, 404U) << "WK-045";
  EXPECT_EQ(peer.get("/other"), "either");
  peer.get("/altXYZ", &status);
  EXPECT_EQ(status, 404U) << "alternatives are anchored too, unlike upstream";
  EXPECT_EQ(peer.get("/cASE"), "exact");
}

TEST(routes, a_literal_is_the_path_itself_WK_033_WK_034) {
  web server([] {
    defroute("GET", "/a.c", say("dot"), {.regex = false});
    defroute("GET", "/with space", say("decoded"), {.regex = false});
  });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/a.c?query=1"), "dot");
  peer.get("/abc", &status);
  EXPECT_EQ(status, 404U);
  EXPECT_EQ(peer.get("/with%20space"), "decoded");
}

TEST(routes, priority_then_order_of_definition_decide_WK_035_and_replace_keeps_the_place_WK_036) {
  web server([] {
    defroute("*", "/x", say("low"), {.priority = -1});
    defroute("GET", "/x", say("first"));
    defroute("GET", "/.*", say("second"));
    defroute("GET", "/y.*", say("high"), {.priority = 5});
    defroute("GET", "/x", say("first again"));
  });
  client peer(server);
  EXPECT_EQ(peer.get("/x"), "first again");
  EXPECT_EQ(peer.get("/yes"), "high");
  EXPECT_EQ(peer.get("/else"), "second");
}

TEST(routes, next_route_hands_on_until_none_is_left_WK_038) {
  web server([] {
    defroute("GET", "/n", [](const request&, response&, const auto&) { next_route(); });
    defroute("*", "/n", say("second"));
    defroute("GET", "/only", [](const request&, response&, const auto&) { next_route(); });
  });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/n"), "second");
  peer.get("/only", &status);
  EXPECT_EQ(status, 404U);
}

TEST(routes, a_vhost_route_wants_its_host_with_or_without_port_WK_037) {
  web server([] {
    defroute("GET", "/", say("mine"), {.vhost = "example.com"});
    defroute("GET", "/", say("anybody's"), {.replace = false});
  });
  client peer(server);
  for (const char* host : {"example.com", "example.com:8080"}) {
    peer.send("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_EQ(peer.answer(), "mine");
  }
  EXPECT_EQ(peer.get("/"), "anybody's");
}

TEST(routes, clear_route_removes_it_WK_040) {
  web server([] {
    defroute("GET", "/gone", say("here"));
    EXPECT_EQ(clear_route("GET", "/gone"), 1U);
    EXPECT_EQ(clear_route("GET", "/gone"), 0U);
  });
  client peer(server);
  unsigned status = 0;
  peer.get("/gone", &status);
  EXPECT_EQ(status, 404U);
}

TEST(routes, methods_are_one_several_or_any_WK_030_WK_031) {
  web server([] {
    defroute({"put", "DELETE"}, "/x", say("several"));
    defroute("get", "/x", say("one"));
    defroute({"POST", "*"}, "/any", say("any"));
    EXPECT_EQ(clear_route({"DELETE", "PUT", "PUT"}, "/none"), 0U);
    defroute({"DELETE", "PUT"}, "/x", say("the same set"));
  });
  client peer(server);
  for (const auto& [method, target, answer] : {std::tuple("PUT", "/x", "the same set"),
                                               {"DELETE", "/x", "the same set"},
                                               {"GET", "/x", "one"},
                                               {"OPTIONS", "/any", "any"},
                                               {"POST", "/x", "not found\n"}}) {
    peer.send(std::string(method) + " " + target + " HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(peer.answer(), answer) << method;
  }
}

TEST(routes, for_GET_serve_HEAD_where_none_names_it_WK_046) {
  web server([] {
    defroute("GET", "/", say("by GET"));
    defroute("GET", "/own", say("by GET"));
    defroute("HEAD", "/own", [](request&, response& to, const auto&) { send_response(to, {.status = 204}); });
    defroute("GET", "/next", [](request&, response&, const auto&) { next_route(); });
    defroute("*", "/next", say("second"));
  });
  client peer(server);
  const auto head = [&](std::string_view target) {
    peer.send("HEAD " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n\r\n");
    return peer.read_to("\r\n\r\n");
  };
  EXPECT_THAT(head("/"), HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(head("/own"), testing::StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(head("/next"), HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(head("/none"), testing::StartsWith("HTTP/1.1 404 "));
  EXPECT_EQ(peer.get("/"), "by GET") << "nothing of a body was in between";
}

TEST(routes, next_route_still_knows_host_and_method_WK_039_WK_043) {
  int calls = 0;
  web server([&] {
    defroute("GET", "/", [&](request&, response&, const auto&) {
      ++calls;
      next_route();
    });
    defroute("GET", "/", say("the vhost's"), {.vhost = "example.com"});
    defroute("GET", "/", say("anybody's"), {.replace = false});
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_EQ(peer.answer(), "the vhost's");
  EXPECT_EQ(peer.get("/"), "anybody's");
  server.stop(std::chrono::seconds(10));
  EXPECT_EQ(calls, 2) << "once a request";
}

TEST(routes, a_default_vhost_is_for_those_that_name_none_WK_014) {
  web server([] {
    with_vhost("a.example", [] { defroute("GET", "/", say("a")); });
    defroute("GET", "/", say("any"));
    config().default_vhost = "b.example";
    defroute("GET", "/b", say("b"));
  });
  client peer(server);
  for (const auto& [host, target, answer] : {std::tuple("a.example:80", "/", "a"),
                                             {"c.example", "/", "any"},
                                             {"B.example", "/b", "b"},
                                             {"a.example", "/b", "not found\n"}}) {
    peer.send(std::string("GET ") + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    EXPECT_EQ(peer.answer(), answer) << host;
  }
}

TEST(routes, are_looked_up_once_when_the_head_is_known_WK_042) {
  web server([] {
    add_hook(hook::parsed_headers, [](request&) { defroute("POST", "/late", say("defined by a hook")); });
    add_hook(hook::body_complete, [](request&) { clear_routes(); });
  });
  client peer(server);
  peer.send("POST /late HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(peer.answer(), "defined by a hook");
}

TEST(routes, a_handler_may_take_its_own_route_away_WK_040) {
  web server([] {
    defroute("GET", "/once", [text = std::string(100, 'x')](request&, response& to, const auto&) {
      clear_routes();
      send_response(to, {.body = text});
    });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/once"), std::string(100, 'x'));
  EXPECT_EQ(peer.get("/once"), "not found\n");
}

TEST(routes, a_regex_that_is_none_is_refused_and_one_that_explodes_is_a_500) {
  web server([] {
    EXPECT_THROW(defroute("GET", "/(", say("no")), std::invalid_argument);
    defroute("GET", "/(a*)*b", say("never"));
    defroute("GET", "/long(.*)", [](request&, response& to, const auto& args) {
      send_response(to, {.body = std::to_string(args[0].size())});
    });
  });
  client peer(server);
  unsigned status = 0;
  peer.get("/" + std::string(3000, 'a'), &status);
  EXPECT_THAT(status, testing::AnyOf(404U, 500U)) << "in time, whichever";
  EXPECT_EQ(peer.get("/long" + std::string(8000, 'x')), "8000");
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
