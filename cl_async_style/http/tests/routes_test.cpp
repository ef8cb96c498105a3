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

TEST(routes, hooks_run_in_Wookies_order_WK_050_WK_051) {
  std::vector<std::string> order;
  web server([&] {
    for (const auto& [kind, name] : {std::pair(hook::parsed_headers, "headers"),
                                     {hook::body_complete, "body"},
                                     {hook::pre_route, "pre"},
                                     {hook::response_started, "response"}})
      add_hook(kind,
               [&order, name = std::string(name)](const request&, response&) { order.push_back(name); });
    defroute("POST", "/", [&](const request&, response& to, const auto&) {
      order.emplace_back("handler");
      send_response(to, {});
    });
  });
  client peer(server);
  peer.send(post("/", "body"));
  peer.answer();
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(order, ElementsAre("headers", "body", "pre", "handler", "response"));
}

TEST(routes, an_error_in_a_hook_stops_the_step_and_is_one_500_WK_055) {
  bool handled = false;
  web server([&] {
    add_hook(hook::pre_route, [](const request&, response&) { throw std::runtime_error("hook"); });
    defroute("GET", "/", [&](const request&, response& to, const auto&) {
      handled = true;
      send_response(to, {});
    });
  });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/", &status), "internal server error\n") << "not the error's text (WK-111)";
  EXPECT_EQ(status, 500U);
  EXPECT_THAT(server.log(), ElementsAre("hook"));
  server.stop(std::chrono::seconds(10));
  EXPECT_FALSE(handled);
}

TEST(routes, a_second_answer_is_an_error_that_sends_nothing_WK_081_T13) {
  web server([] {
    defroute("GET", "/", [](const request&, response& to, const auto&) {
      send_response(to, {.body = "one"});
      EXPECT_THROW(send_response(to, {.body = "two"}), response_already_sent);
      throw std::runtime_error("after the answer");
    });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/"), "one");
  EXPECT_EQ(peer.get("/"), "one") << "nothing of another answer came between";
  EXPECT_THAT(server.log(), testing::Contains("after the answer"));
}

TEST(routes, error_handlers_are_asked_first_WK_104) {
  web server([] {
    add_error_handler([](const std::exception& error, const request&, response& to) {
      if (condition_cast<route_not_found>(error) == nullptr) return false;
      send_response(to, {.status = 410, .body = "gone"});
      return true;
    });
  });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/", &status), "gone");
  EXPECT_EQ(status, 410U);
}

TEST(routes, a_streamed_answer_is_chunked_WK_089_WK_090) {
  web server([] {
    defroute("GET", "/", [](const request&, response& to, const auto&) {
      start_response(to, 201, {{"X-Kind", "stream"}});
      write_response(to, "abc");
      write_response(to, "defg");
      finish_response(to);
    });
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string all = peer.read_to("0\r\n\r\n");
  EXPECT_THAT(all, testing::StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(all, HasSubstr("X-Kind: stream\r\n"));
  EXPECT_THAT(all, testing::EndsWith("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"));
}

TEST(routes, with_chunking_gets_every_piece_whenever_it_is_called_WK_062_WK_064) {
  web server([] {
    defroute("POST", "/now",
             [](const request&, response& to, const auto&) {
               with_chunking(to,
                             [&to, all = std::string()](std::span<const std::byte> piece, bool last) mutable {
                               all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                               if (last) send_response(to, {.body = all});
                             });
             },
             {.chunk = true});
    defroute("POST", "/late",
             [](const request&, response& to, const auto&) {
               to.after(std::chrono::milliseconds(5), [&to] {
                 with_chunking(to, [&to](std::span<const std::byte> piece, bool last) {
                   if (last) send_response(to, {.body = std::to_string(piece.size())});
                 });
               });
             },
             {.chunk = true});
  });
  client peer(server);
  peer.send(
      "POST /now HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(peer.answer(), "abcde");
  peer.send(post("/late", "12345"));
  EXPECT_EQ(peer.answer(), "5");
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
