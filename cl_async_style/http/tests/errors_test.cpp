// Who is told of an error, and what becomes of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(errors, wookies_conditions_are_a_hierarchy_WK_108) {
  const route_not_found missing("/x");
  EXPECT_NE(condition_cast<route_error>(missing), nullptr);
  EXPECT_NE(condition_cast<wookie_error>(missing), nullptr);
  EXPECT_NE(condition_cast<event_error>(missing), nullptr);
  EXPECT_EQ(condition_cast<response_error>(missing), nullptr);
  EXPECT_EQ(missing.route_error_resource(), "/x");
  EXPECT_EQ(missing.wookie_error_msg(), "no route for /x");
  EXPECT_EQ(missing.wookie_error_socket(), nullptr);
  EXPECT_EQ(missing.type_name(), "route-not-found");
  const response_already_sent again("twice");
  EXPECT_NE(condition_cast<response_error>(again), nullptr);
  EXPECT_EQ(condition_cast<route_error>(again), nullptr);
}

TEST(errors, the_most_specific_class_of_handlers_is_asked_first_WK_104) {
  std::vector<std::string> asked;
  web server([&] {
    const auto note = [&asked](const char* what, bool taken) {
      return [&asked, what, taken](const auto&, request&, response& to) {
        asked.emplace_back(what);
        if (taken) send_response(to, {.status = 410, .body = what});
        return taken;
      };
    };
    add_error_handler(note("exception", true));
    add_error_handler<streamish_info>(note("streamish", true));  // a virtual base of others
    add_error_handler<wookie_error>(note("wookie", false));
    add_error_handler<route_not_found>(note("not found", false));
    add_error_handler<route_error>(note("route", false));
    add_error_handler<wookie_error>(note("wookie again", false));
    add_error_handler<streamish_closed>(note("closed", false));
    defroute("GET", "/closed", [](request&, response&, const auto&) { throw streamish_closed(); });
    defroute("GET", "/void", [](request&, response&, const auto&) { throw std::bad_alloc(); });
    add_error_handler<std::bad_alloc>([&](const std::bad_alloc&, request&, response& to) {
      send_response(to, {.status = 507, .body = "full"});
    });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/none"), "exception");
  EXPECT_EQ(peer.get("/closed"), "streamish");
  EXPECT_EQ(peer.get("/void"), "full");
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(
      asked, ElementsAre("not found", "route", "wookie", "wookie again", "exception", "closed", "streamish"));
}

TEST(errors, a_handler_of_errors_that_throws_is_told_and_the_default_answer_given) {
  web server([] {
    add_error_handler(
        [](const std::exception&, request&, response&) -> bool { throw std::runtime_error("again"); });
    defroute("GET", "/", [](request&, response&, const auto&) { throw std::runtime_error("first"); });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/"), "internal server error\n");
  EXPECT_THAT(server.log(), ElementsAre("again", "first"));
}

TEST(errors, a_handler_of_errors_may_answer_later) {
  web server([] {
    add_error_handler([](const std::exception& error, request&, response& to) {
      to.after(std::chrono::milliseconds(2),
               [&to, text = std::string(error.what())] { send_response(to, {.status = 502, .body = text}); });
      return true;
    });
    defroute("POST", "/", [](request&, response&, const auto&) { throw std::runtime_error("boom"); });
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "next"}); });
  });
  client peer(server);
  peer.send(post("/", "body"));
  EXPECT_EQ(peer.answer(), "boom");
  EXPECT_EQ(peer.get("/"), "next");
}

TEST(errors, an_error_of_a_handler_is_one_500_and_the_connection_goes_on_WK_047_WK_111) {
  web server([] {
    defroute("GET", "/", [](request&, response&, const auto&) { throw wookie_error("with a secret"); });
    defroute("GET", "/odd", [](request&, response&, const auto&) { throw 42; });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/"), "internal server error\n");
  EXPECT_EQ(peer.get("/odd"), "internal server error\n");
  EXPECT_THAT(server.log(), ElementsAre("with a secret", HasSubstr("no std::exception")));
}

TEST(errors, the_event_cb_is_handed_events_with_their_socket_WK_105_WK_106_WK_107) {
  std::vector<std::string> events;
  std::shared_ptr<http_server> own;
  std::uint16_t port = 0;
  web server([&] {
    defroute("GET", "/boom", [](request&, response&, const auto&) { throw std::runtime_error("boom"); });
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "ok"}); });
    own = start_server(
        {.bind = "127.0.0.1", .port = 0, .event_cb = [&](const std::exception& event, const auto& which) {
           const auto* condition = condition_cast<event_info>(event);
           events.push_back((condition ? std::string(condition->type_name()) : event.what()) +
                            (which ? " with its socket" : ""));
         }});
    port = own->port();
  });
  {
    client peer(port);
    EXPECT_EQ(peer.get("/"), "ok");
    peer.get("/boom");
    peer.shutdown();
    EXPECT_EQ(peer.read_all(), "");
    client bad(port);
    bad.send("GET / HTTP/1.1\r\nno field\r\n\r\n");
    bad.shutdown();
    bad.read_all();
  }
  while (server.in_loop([&](http_server&) { return own->connections(); }) > 0) std::this_thread::yield();
  server.in_loop([&](http_server&) {
    stop_server(*std::exchange(own, nullptr), std::chrono::milliseconds(0), [](std::size_t) {});
  });
  EXPECT_THAT(events, ElementsAre("boom with its socket", "socket-eof with its socket",
                                  "parse-error with its socket", "socket-eof with its socket"));
}

TEST(errors, main_event_handler_gives_the_default_treatment_WK_104) {
  bool told = false;
  web server([&] {
    defroute("GET", "/fail", [](request&, response& to, const auto&) {
      delay([which = get_socket(to).ref()] { main_event_handler(std::runtime_error("later"), which); });
    });
    defroute("GET", "/missing", [](request&, response& to, const auto&) {
      delay([which = get_socket(to).ref()] { main_event_handler(route_not_found("/missing"), which); });
    });
    defroute("GET", "/eof", [&](request&, response& to, const auto&) {
      main_event_handler(socket_eof(), get_socket(to).ref());
      listener_event_handler(std::runtime_error("without a socket"));
      main_event_handler(std::runtime_error("mine"), get_socket(to).ref(),
                         [&](const std::exception&, const std::shared_ptr<socket>&) { told = true; });
      send_response(to, {.body = "untouched"});
    });
  });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/fail", &status), "internal server error\n");
  EXPECT_EQ(status, 500U);
  EXPECT_EQ(peer.get("/missing", &status), "not found\n");
  EXPECT_EQ(status, 404U);
  EXPECT_EQ(peer.get("/eof", &status), "untouched");
  server.stop(std::chrono::seconds(10));
  EXPECT_TRUE(told);
}

TEST(errors, a_client_cannot_end_the_loop_WK_007_WK_109) {
  web server([] {
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "here"}); });
  });
  {
    client bad(server);
    bad.send("NONSENSE\r\n\r\n");
    EXPECT_THAT(bad.read_all(), testing::StartsWith("HTTP/1.1 400 "));
  }
  client peer(server);
  EXPECT_EQ(peer.get("/"), "here");
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
