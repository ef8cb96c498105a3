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

}  // namespace
}  // namespace antiphon::cl_async_style::test
