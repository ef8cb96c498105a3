#include "target_rules.hpp"

#include <gtest/gtest.h>

#include <string>

namespace antiphon::http {
namespace {

bool fits(std::string_view target, std::string_view method) {
  return !failed(check_target(target, method));
}

TEST(target_rules, the_form_fits_the_method_RFC_9112_3_2) {
  EXPECT_TRUE(fits("/", "GET"));
  EXPECT_TRUE(fits("http://a/", "GET"));
  EXPECT_TRUE(fits("HTTPS://a:443?q", "GET"));
  EXPECT_TRUE(fits("*", "OPTIONS"));
  EXPECT_TRUE(fits("a:443", "CONNECT"));
  EXPECT_TRUE(fits("[::1]:443", "CONNECT"));
  for (const char* bad : {"*", "a:443", "ftp://a/", "a", "?q", "http:/a", "http:///a", "http://",
                          "http://u@a/", "http://a:x/", "http://a b/", "https//a"})
    EXPECT_FALSE(fits(bad, "GET")) << bad;
  for (const char* bad : {"/", "a", "a:", ":443", "a:443/", "http://a:443", "u@a:443", "a:65536"})
    EXPECT_FALSE(fits(bad, "CONNECT")) << bad;
}

TEST(target_rules, it_has_the_characters_of_a_URI_RFC_3986_2) {
  EXPECT_TRUE(fits("/-._~!$&'()*+,;=:@/?[]%20aZ9", "GET"));
  for (const std::string bad : {"#", "<", ">", "\"", "\\", "^", "`", "{", "|", "}", "\x7f", "\x80", "\t"})
    EXPECT_FALSE(fits("/" + bad, "GET")) << bad;
  for (const char* bad : {"/%", "/%2", "/%zz", "/a?b=%", "/%2g", "/%%20"})
    EXPECT_FALSE(fits(bad, "GET")) << bad;
}

TEST(target_rules, an_authority_is_a_host_and_perhaps_a_port_RFC_3986_3_2) {
  for (const char* good : {"", "a", "a:", "a:80", "a.b-c_d~", "127.0.0.1:65535", "[::1]", "[fe80::1]:80",
                           "[::ffff:1.2.3.4]", "[v1.x:y]", "%41", "a:00080"})
    EXPECT_TRUE(is_authority(good)) << good;
  for (const char* bad : {":80", "a b",  "a/b", "u@a",    "a:b",    "a:80:80",   "a:65536", "a:-1",   "[",
                          "[]",  "[::1", "::1", "[::1]x", "[g::1]", "[1.2.3.4]", "[v.x]",   "[vg.x]", "[v1.]",
                          "%4",  "%zz",  "a?b", "a#b",    "a,b c",  "http://a",  "a\\b",    "\xe9"})
    EXPECT_FALSE(is_authority(bad)) << bad;
}

}  // namespace
}  // namespace antiphon::http
