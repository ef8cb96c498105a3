// How plugins come and go, and the core plugins that look at a request: get, post, http-var, cookie.

#include "antiphon/cl_async_style/http/plugins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "antiphon/cl_async_style/http/plugins/cookie.hpp"
#include "antiphon/cl_async_style/http/plugins/get.hpp"
#include "antiphon/cl_async_style/http/plugins/http_var.hpp"
#include "antiphon/cl_async_style/http/plugins/post.hpp"
#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using strings = std::vector<std::string>;

/// "-" for a variable that is not there.
std::string shown(std::optional<std::string_view> value) {
  return std::string(value.value_or("-"));
}

TEST(plugins, are_loaded_once_if_enabled_with_what_they_depend_on_WK_160_WK_161_WK_013) {
  strings order;
  web server([&] {
    config().enabled_plugins = {"b"};
    const auto note = [&order](const char* what) { return [&order, what] { order.emplace_back(what); }; };
    register_plugin({"a", note("load a"), note("unload a")});
    EXPECT_FALSE(plugin_loaded_p("a")) << "not enabled";
    register_plugin({"b", note("load b"), note("unload b"), {"a"}});
    EXPECT_TRUE(plugin_loaded_p("a")) << "needed";
    register_plugin({"b", note("not this"), {}});
    load_plugins();
    unload_plugin("a");
    EXPECT_FALSE(plugin_loaded_p("b"));
    unload_plugin("a");
    config().enabled_plugins = {"none"};
    EXPECT_THROW(load_plugins(), wookie_error);
    config().enabled_plugins = {"c"};
    register_plugin({"d", {}, {}, {"c"}});
    EXPECT_THROW(register_plugin({"c", {}, {}, {"d"}}), wookie_error) << "a ring";
  });
  server.stop(std::chrono::seconds(10));
  EXPECT_THAT(order, ElementsAre("load a", "load b", "unload b", "unload a", "load a", "load b", "unload b",
                                 "unload a"));
}

TEST(plugins, keep_settings_and_what_belongs_to_a_request_WK_162_WK_023) {
  web server([] {
    plugin_config("mine") = 3;
    add_hook(hook::parsed_headers, [](request& of) {
      if (of.query() == "keep")
        plugin_request_data("mine", of) = std::any_cast<int>(plugin_config("mine")) + 1;
      request_data(of) = std::string("data of ") + std::string(request_resource(of));
    });
    defroute("GET", "/", [](request& of, response& to, const auto&) {
      const std::any* kept = plugin_request_data("mine", std::as_const(of));
      send_response(to, {.body = std::any_cast<std::string>(request_data(of)) +
                                 (kept == nullptr ? "" : " " + std::to_string(std::any_cast<int>(*kept)))});
    });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/?keep"), "data of /?keep 4");
  EXPECT_EQ(peer.get("/"), "data of /") << "each request begins without";
}

TEST(plugins, cost_nothing_and_do_nothing_before_they_are_loaded_WK_160) {
  web server([] {
    defroute("GET", "/", [](request& of, response& to, const auto&) {
      send_response(to, {.body = shown(get_var(of, "a")) + shown(cookie_var(of, "a"))});
    });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/?a=1&_method=PUT"), "--");
}

TEST(plugins, get_decodes_the_query_WK_163_and_may_override_the_method_WK_041) {
  web server([] {
    load_plugins();
    defroute("*", "/", [](request& of, response& to, const auto&) {
      send_response(to, {.body = std::string(request_method(of)) + " " + shown(get_var(of, "a")) + " " +
                                 shown(get_var(of, "b")) + " " + shown(get_var(of, "no"))});
    });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/?a=1&b&a=2"), "GET 2  -") << "of repeated ones the last";
  EXPECT_EQ(peer.get("/?a=1%202+3"), "GET 1 2 3 - -");
  EXPECT_EQ(peer.get("/"), "GET - - -");
  EXPECT_EQ(peer.get("/?_method=put"), "PUT - - -");
  EXPECT_EQ(peer.get("/?_method=frob"), "GET - - -");
  peer.send("OPTIONS /?_method=put HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(peer.answer(), "OPTIONS - - -");
}

TEST(plugins, post_takes_forms_and_json_WK_164) {
  web server([] {
    load_plugins();
    defroute("POST", "/", [](request& of, response& to, const auto&) {
      send_response(to, {.body = shown(post_var(of, "a")) + " " + shown(post_var(of, "b")) + " " +
                                 shown(http_var(of, "a"))});
    });
  });
  client peer(server);
  const auto answer = [&](std::string_view type, std::string_view body) {
    peer.send(post("/", body, type.empty() ? "" : "Content-Type: " + std::string(type) + "\r\n"));
    return peer.answer();
  };
  EXPECT_EQ(answer("application/x-www-form-urlencoded; charset=utf-8", "a=1%202&b=+"), "1 2   1 2");
  EXPECT_EQ(answer("", "a=1"), "- - -");
  EXPECT_EQ(answer("application/json", R"({"a": "j", "b": {"c": [1, true]}})"), R"(j {"c":[1,true]} j)");
  EXPECT_EQ(answer("text/plain", R"({"a": 2.5})"), "2.5 - 2.5") << "whatever the type";
  EXPECT_EQ(answer("application/json", "[1, 2]"), "- - -");
  EXPECT_EQ(answer("text/plain", "[not json"), "- - -");
  EXPECT_EQ(answer("application/json", "{\"a\":"), "the body is no JSON\n");
  EXPECT_EQ(answer("application/x-www-form-urlencoded", ""), "- - -");
}

TEST(plugins, http_var_looks_in_the_order_asked_for_WK_167) {
  web server([] {
    load_plugins();
    defroute("POST", "/", [](request& of, response& to, const auto&) {
      send_response(to, {.body = shown(http_var(of, "a")) + " " +
                                 shown(http_var(of, "a", {var_source::post, var_source::get})) + " " +
                                 shown(http_var(of, "a", {var_source::multipart}))});
    });
  });
  client peer(server);
  peer.send(post("/?a=get", "a=post", "Content-Type: application/x-www-form-urlencoded\r\n"));
  EXPECT_EQ(peer.answer(), "get post -");
}

TEST(plugins, cookies_are_parted_with_and_without_space_and_nonsense_is_left_out_WK_166) {
  web server([] {
    load_plugins();
    defroute("GET", "/", [](request& of, response& to, const auto&) {
      send_response(to, {.body = shown(cookie_var(of, "a")) + " " + shown(cookie_var(of, "b")) + " " +
                                 shown(cookie_var(of, "c"))});
    });
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\nCookie: a=1;b=2=2; nonsense;; \r\nCookie: c=\r\n\r\n");
  EXPECT_EQ(peer.answer(), "1 2=2 ");
}

TEST(plugins, set_cookie_adds_a_line_a_call_WK_166) {
  web server([] {
    defroute("GET", "/", [](request&, response& to, const auto&) {
      set_cookie(to, "a", "1",
                 {.expires = "Sun, 06 Nov 1994 08:49:37 GMT",
                  .max_age = std::chrono::seconds(5),
                  .path = "/",
                  .domain = "example.com",
                  .http_only = true,
                  .secure = true,
                  .same_site = "Lax"});
      set_cookie(to, "b", "2");
      EXPECT_THROW(set_cookie(to, "", "x"), std::invalid_argument);
      EXPECT_THROW(set_cookie(to, "a b", "x"), std::invalid_argument);
      EXPECT_THROW(set_cookie(to, "a", "x; Path=/"), std::invalid_argument);
      EXPECT_THROW(set_cookie(to, "a", "x\r\nX-Evil: 1"), std::invalid_argument);
      EXPECT_THROW(set_cookie(to, "a", "x", {.path = "/;"}), std::invalid_argument);
      send_response(to, {});
    });
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(
      peer.read_to("\r\n\r\n"),
      HasSubstr(
          "Set-Cookie: a=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=5; Path=/; Domain=example.com; "
          "SameSite=Lax; HttpOnly; Secure\r\nSet-Cookie: b=2\r\n"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
