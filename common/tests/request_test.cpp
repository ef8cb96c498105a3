#include "antiphon/http/request.hpp"

#include <gtest/gtest.h>

namespace antiphon::http {
namespace {

TEST(request, splits_and_decodes_the_target) {
  Request request;
  ASSERT_TRUE(request.set_target("/a%20b/%C3%a4?q=%20&r"));
  EXPECT_EQ(request.path(), "/a b/\xC3\xA4");
  EXPECT_EQ(request.query(), "q=%20&r");
  EXPECT_EQ(request.target(), "/a%20b/%C3%a4?q=%20&r");
}

TEST(request, takes_the_path_out_of_an_absolute_target) {
  Request request;
  ASSERT_TRUE(request.set_target("http://example.com/x?y"));
  EXPECT_EQ(request.path(), "/x");
  EXPECT_EQ(request.query(), "y");
  ASSERT_TRUE(request.set_target("http://example.com"));
  EXPECT_EQ(request.path(), "/");
  ASSERT_TRUE(request.set_target("http://example.com?y"));
  EXPECT_EQ(request.path(), "/");
  EXPECT_EQ(request.query(), "y");
  ASSERT_TRUE(request.set_target("*"));
  EXPECT_EQ(request.path(), "*");
}

TEST(request, refuses_broken_escapes) {
  Request request;
  for (const char* bad : {"/%", "/%1", "/%zz", "/%1g", "/a%2"}) EXPECT_FALSE(request.set_target(bad)) << bad;
  EXPECT_TRUE(request.set_target("/?%zz")) << "the query is the app's business";
}

TEST(request, params_survive_a_copy) {
  Request copy;
  {
    Request request;
    ASSERT_TRUE(request.set_target("/bytes/42"));
    request.add_param("n", request.path().substr(7));
    copy = request;
  }
  EXPECT_EQ(copy.param("n"), "42");
  EXPECT_EQ(copy.param("m"), "");
}

TEST(request, clear_makes_it_as_new) {
  Request request;
  request.set_method("POST");
  request.headers().add("a", "b");
  request.append_body("x");
  request.set_keep_alive(false);
  request.set_content_length(std::nullopt);
  request.clear();
  EXPECT_EQ(request.method(), "");
  EXPECT_TRUE(request.headers().empty());
  EXPECT_EQ(request.body(), "");
  EXPECT_TRUE(request.keep_alive());
  EXPECT_FALSE(request.chunked());
}

TEST(request, clear_keeps_the_memory_of_a_small_body_and_gives_back_that_of_a_large_one) {
  Request request;
  const auto on_the_heap = [&] {  // a string without memory of its own has its octets within it
    const auto* const within = reinterpret_cast<const char*>(&request);
    return request.body().data() < within || request.body().data() >= within + sizeof(request);
  };
  request.append_body(std::string(64 * 1024, 's'));
  request.clear();
  request.append_body("x");
  EXPECT_TRUE(on_the_heap());
  request.append_body(std::string(64 * 1024, 'l'));
  request.clear();
  request.append_body("x");
  EXPECT_FALSE(on_the_heap());
}

}  // namespace
}  // namespace antiphon::http
