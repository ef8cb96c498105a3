// A listener, and what of a request a handler and a hook are handed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <antiphon/test_support/temporary_folder.hpp>
#include <antiphon/tls/testing/certificates.hpp>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::HasSubstr;

TEST(listener, has_wookies_defaults_WK_001) {
  const listener plain;
  EXPECT_FALSE(plain.bind.has_value());
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.backlog, -1);
  EXPECT_FALSE(plain.event_cb);
}

TEST(listener, start_server_needs_a_loop_and_throws_what_bind_throws_WK_002_WK_004) {
  EXPECT_THROW(start_server({.port = 0}), std::logic_error);
  start_event_loop([] {
    const auto first = start_server({.bind = "127.0.0.1", .port = 0});
    EXPECT_THROW(start_server({.bind = "127.0.0.1", .port = first->port()}), socket_address_in_use);
    EXPECT_THROW(start_server({.bind = "no address", .port = 0}), std::invalid_argument);
    stop_server(*first, std::chrono::milliseconds(0), [](std::size_t) {});
  });
}

TEST(listener, has_limits_so_that_a_silent_client_does_not_stay_for_ever_WK_005) {
  web server([] {}, {.request_timeout = std::chrono::milliseconds(20)});
  client silent(server);
  EXPECT_TRUE(silent.read_all().starts_with("HTTP/1.1 408 "));
}

class ssl_listener_test : public testing::Test {
 protected:
  ssl_listener_test() {
    const auto issued = authority_.issue();
    parameters_.certificate = files_.add("cert.pem", issued.certificate);
    parameters_.key = files_.add("key.pem", tls::testing::encrypt_key(issued.key, "secret"));
    parameters_.password = "secret";
    authority_file_ = files_.add("authority.pem", authority_.certificate());
  }
  const listener plain_{.bind = "127.0.0.1", .port = 0};
  const tls::testing::CertificateAuthority authority_;
  const test_support::TemporaryFolder files_;
  ssl_parameters parameters_;
  std::string authority_file_;
};

TEST_F(ssl_listener_test, is_a_listener_with_certificate_key_and_password_WK_006) {
  std::string answers;
  std::size_t forced = 1;
  start_event_loop([&] {
    clear_routes();
    mount(app());
    const auto server = start_server(ssl_listener(plain_, parameters_));
    tcp_ssl_connect("localhost", server->port(),
                    [&](socket&, std::span<const std::byte> octets) {
                      answers.append(reinterpret_cast<const char*>(octets.data()), octets.size());
                    },
                    {.data = post("/echo", "kept") + "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
                     .close_cb =
                         [&, server](socket&, const event_error* cause) {
                           EXPECT_EQ(cause, nullptr) << "it ends with close_notify";
                           stop_server(*server, std::chrono::seconds(20),
                                       [&](std::size_t left) { forced = left; });
                         }},
                    {.ca_file = authority_file_});
  });
  EXPECT_THAT(answers, testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answers, HasSubstr("kept"));
  EXPECT_THAT(answers, testing::EndsWith("hello, world\n"));
  EXPECT_EQ(forced, 0U);
}

TEST_F(ssl_listener_test, throws_for_a_file_that_cannot_be_used_before_it_listens_WK_004) {
  start_event_loop([&] {
    parameters_.key = files_.path("nowhere.pem");
    try {
      start_server(ssl_listener(plain_, parameters_));
      ADD_FAILURE() << "it listens without a key";
    } catch (const tcp_ssl_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(parameters_.key));
    }
    EXPECT_THROW(start_server(ssl_listener(plain_, {})), tcp_ssl_error);
  });
}

TEST_F(ssl_listener_test, a_broken_handshake_is_told_to_the_event_cb_and_the_others_are_served) {
  std::vector<std::string> told;
  listener with_events = plain_;
  with_events.event_cb = [&](const std::exception& event, const std::shared_ptr<socket>& which) {
    if (condition_cast<tcp_ssl_error>(event) && which) told.emplace_back(event.what());
  };
  start_event_loop([&] {
    const auto server = start_server(ssl_listener(with_events, parameters_));
    tcp_connect(
        "127.0.0.1", server->port(), [](socket&, std::span<const std::byte>) {},
        {.data = "GET / HTTP/1.1\r\nHost: t\r\n\r\n", .close_cb = [server](socket&, const event_error*) {
           stop_server(*server, std::chrono::seconds(20), [](std::size_t) {});
         }});
  });
  EXPECT_EQ(told.size(), 1U);
}

TEST(request, is_what_the_client_sent_WK_025_WK_034) {
  web server([] {
    defroute("GET", "/a b", [](request& of, response& to, const auto&) {
      std::string cookies;
      for (const auto value : request_headers(of).get_all("x-MULTI")) cookies += std::string(value) + ";";
      send_response(
          to, {.body = std::string(request_method(of)) + " " + std::string(request_resource(of)) + " " +
                       std::string(request_uri(of).path) + " " + std::string(request_uri(of).query) + " " +
                       cookies + (&get_socket(of) == &get_socket(to) ? " same socket" : "")});
    });
  });
  client peer(server);
  peer.send("GET /a%20b?q=%20 HTTP/1.1\r\nHost: t\r\nX-Multi: 1\r\nx-multi: 2\r\n\r\n");
  EXPECT_EQ(peer.answer(), "GET /a%20b?q=%20 /a b q=%20 1;2; same socket");
}

TEST(request, its_body_is_stored_unless_a_hook_says_otherwise_WK_061) {
  std::vector<std::string> told;
  web server([&] {
    add_hook(hook::parsed_headers, [](request& of) { request_store_body(of) = of.query() != "not"; });
    add_hook(hook::body_complete, [&](request& of) { told.emplace_back(request_body(of)); });
    defroute("POST", "/",
             [](request& of, response& to, const auto&) { send_response(to, {.body = request_body(of)}); });
  });
  client peer(server);
  peer.send(post("/", "kept") + post("/?not", "dropped") + post("/", ""));
  EXPECT_EQ(peer.answer(), "kept");
  EXPECT_EQ(peer.answer(), "");
  EXPECT_EQ(peer.answer(), "");
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(told, testing::ElementsAre("kept", "", ""));
}

TEST(request, is_parsed_and_answered_within_the_read_that_brings_it_WK_022_WK_080) {
  web server([] {
    defroute("GET", "/",
             [](request&, response& to, const auto&) { send_response(to, {.status = 201, .body = "made"}); });
  });
  client peer(server);
  const std::string text = "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
  for (const char c : text) peer.send(std::string(1, c));  // octet by octet (WK-112)
  const std::string all = peer.read_all();
  EXPECT_THAT(all, testing::StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(all, HasSubstr("\r\nContent-Length: 4\r\n"));
  EXPECT_THAT(all, testing::EndsWith("\r\n\r\nmade"));
}

TEST(request, the_next_one_is_parsed_when_its_answer_is_whole_WK_024_WK_131) {
  web server([] {
    defroute("GET", "/late", [](request&, response& to, const auto&) {
      to.after(std::chrono::milliseconds(5), [&to] { send_response(to, {.body = "late"}); });
    });
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "next"}); });
  });
  client peer(server);
  peer.send("GET /late HTTP/1.1\r\nHost: t\r\n\r\n");
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(peer.answer(), "late");
  EXPECT_EQ(peer.answer(), "next");
}

TEST(request, octets_of_any_value_come_and_go_WK_085) {
  std::string all(256, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  web server([] {
    defroute("POST", "/",
             [](request& of, response& to, const auto&) { send_response(to, {.body = request_body(of)}); });
  });
  client peer(server);
  peer.send(post("/", all));
  EXPECT_EQ(peer.answer(), all);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
