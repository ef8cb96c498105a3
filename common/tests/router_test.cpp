#include "antiphon/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

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
  EXPECT_EQ(find("DELETE", "/a/1/b/2").allow, "GET, HEAD, POST");
  EXPECT_EQ(find("GET", "/only").allow, "POST");
}

TEST_F(router, refuses_a_second_route_of_the_same_name) {
  EXPECT_THROW(routes.add("GET", "/", {}), std::invalid_argument);
  EXPECT_THROW(routes.add("GET", "relative", {}), std::invalid_argument);
}

}  // namespace
}  // namespace antiphon::http
