#include "antiphon/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "fake_exchange.hpp"

namespace antiphon::http {
namespace {

class router : public testing::Test {
 protected:
  router() {
    routes.add("GET", "/", {})
        .add("GET", "/a/{x}/b/{y}", {})
        .add("POST", "/a/{x}/b/{y}", {}, {.body = Body::streamed});
    routes.add("POST", "/only", {}).add("GET", "/a/fixed", {});
  }
  Router::Match find(std::string_view method, std::string_view target) {
    request.clear();
    request.set_method(method);
    EXPECT_TRUE(request.set_target(target));
    return routes.find(request);
  }
  Router routes;
  Request request;
};

TEST_F(router, finds_by_method_and_path_and_names_the_segments) {
  const auto match = find("GET", "/a/1%202/b/zwei?q");
  ASSERT_EQ(match.found, Router::Found::route);
  EXPECT_EQ(request.param("x"), "1 2");
  EXPECT_EQ(request.param("y"), "zwei");
  EXPECT_EQ(find("POST", "/a/1/b/2").route->body, Body::streamed);
}

TEST_F(router, a_segment_matches_whole_and_never_empty) {
  for (const char* target : {"/a", "/a/", "/a//b/2", "/a/1/b/", "/a/1/b/2/", "//", "/A/1/b/2"})
    EXPECT_EQ(find("GET", target).found, Router::Found::no_such_path) << target;
}

TEST_F(router, HEAD_falls_back_to_GET) {
  EXPECT_EQ(find("HEAD", "/").found, Router::Found::route);
  EXPECT_EQ(find("HEAD", "/only").found, Router::Found::method_not_allowed);
}

TEST_F(router, tells_which_methods_are_allowed) {
  EXPECT_EQ(find("DELETE", "/a/1/b/2").allow, "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(find("GET", "/only").allow, "POST, OPTIONS");
}

TEST_F(router, OPTIONS_of_a_path_or_of_the_whole_server_is_answered_with_Allow_RFC_9110_9_3_7) {
  EXPECT_EQ(find("OPTIONS", "/only").found, Router::Found::options);
  EXPECT_EQ(find("OPTIONS", "/only").allow, "POST, OPTIONS");
  EXPECT_EQ(find("OPTIONS", "*").found, Router::Found::options);
  EXPECT_EQ(find("OPTIONS", "*").allow, "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(find("OPTIONS", "/nowhere").found, Router::Found::no_such_path);
  routes.add("OPTIONS", "/only", {});
  EXPECT_EQ(find("OPTIONS", "/only").found, Router::Found::route);
  FakeExchange exchange;
  respond_not_found(find("OPTIONS", "*"), exchange);
  EXPECT_EQ(exchange.status, 200U);
  EXPECT_EQ(exchange.headers.get("Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(exchange.body, "");
}

TEST_F(router, a_route_that_needs_the_length_refuses_a_body_without_one_RFC_9110_15_5_12) {
  routes.add("PUT", "/sized", {}, {.length_required = true});
  EXPECT_EQ(find("PUT", "/sized").found, Router::Found::route) << "no body has the length 0";
  request.set_content_length(std::nullopt);
  EXPECT_EQ(routes.find(request).found, Router::Found::length_required);
  FakeExchange exchange;
  respond_not_found(routes.find(request), exchange);
  EXPECT_EQ(exchange.status, 411U);
}

TEST_F(router, what_is_not_found_is_404_or_405_with_Allow) {
  FakeExchange nothing;
  respond_not_found(find("GET", "/nowhere"), nothing);
  EXPECT_EQ(nothing.status, 404U);
  EXPECT_FALSE(nothing.headers.contains("Allow"));
  FakeExchange other;
  respond_not_found(find("TRACE", "/"), other);
  EXPECT_EQ(other.status, 405U);
  EXPECT_EQ(other.headers.get("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(router, refuses_a_second_route_of_the_same_name) {
  EXPECT_THROW(routes.add("GET", "/", {}), std::invalid_argument);
  EXPECT_THROW(routes.add("GET", "relative", {}), std::invalid_argument);
}

}  // namespace
}  // namespace antiphon::http
