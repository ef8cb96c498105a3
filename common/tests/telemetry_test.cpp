#include "antiphon/http/telemetry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "antiphon/http/request.hpp"
#include "antiphon/http/router.hpp"
#include "antiphon/http/server_limits.hpp"
#include "fake_exchange.hpp"

namespace antiphon::http {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::time_t noon = 971186136;  // 10 October 2000, 13:55:36 UTC
const AccessEntry got{"127.0.0.1:4711", "GET", "/a?b", 0, 200, 2326, 1500us};

TEST(access_log, has_the_common_log_format) {
  std::string line;
  append_clf(got, noon, line);
  EXPECT_EQ(line, "127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /a?b HTTP/1.0\" 200 2326");
}

TEST(access_log, an_unintelligible_request_and_an_empty_body_are_dashes) {
  std::string line;
  append_clf({.peer = "[::1]:80", .status = 400}, noon, line);
  EXPECT_EQ(line, "[::1] - - [10/Oct/2000:13:55:36 +0000] \"-\" 400 -");
}

TEST(access_log, no_client_writes_a_line_of_its_own) {
  std::string line;
  append_clf({.peer = "a:1", .method = "GET", .target = "/\"\\\n\xe9", .status = 200}, noon, line);
  EXPECT_THAT(line, HasSubstr(R"("GET /\"\\\x0a\xe9 HTTP/1.1")"));
  line.clear();
  append_json({.peer = "a:1", .method = "GET", .target = "/\"\n\xe9", .status = 200}, noon, line);
  EXPECT_THAT(line, HasSubstr(R"("target":"/\"\u000a\u00e9")"));
}

TEST(access_log, has_a_json_form) {
  std::string line;
  append_json(got, noon, line);
  EXPECT_EQ(
      line,
      "{\"time\":\"2000-10-10T13:55:36Z\",\"peer\":\"127.0.0.1:4711\",\"method\":\"GET\",\"target\":\"/a?b\","
      "\"version\":\"1.0\",\"status\":200,\"octets\":2326,\"seconds\":0.0015}");
  line.clear();
  append_json({.peer = "a:1", .status = 408}, noon, line);
  EXPECT_THAT(line, HasSubstr("\"method\":null,\"target\":null,\"version\":null,\"status\":408"));
}

TEST(metrics, counts_what_it_is_told_and_says_it_in_Prometheus_form) {
  Metrics metrics;
  metrics.opened();
  metrics.opened();
  metrics.closed();
  metrics.received(10);
  metrics.sent(20);
  metrics.buffered(30);
  metrics.buffered(-5);
  metrics.answered(200, 50us);
  metrics.answered(200, 3ms);
  metrics.answered(404, 1min);
  const std::string text = metrics.text();
  for (const char* line :
       {"# TYPE antiphon_connections_total counter\n", "\nantiphon_connections_total 2\n",
        "\nantiphon_connections 1\n", "\nantiphon_requests_total{status=\"200\"} 2\n",
        "\nantiphon_requests_total{status=\"404\"} 1\n", "\nantiphon_received_octets_total 10\n",
        "\nantiphon_sent_octets_total 20\n", "\nantiphon_buffered_octets 25\n",
        "\nantiphon_request_seconds_bucket{le=\"0.0001\"} 1\n",
        "\nantiphon_request_seconds_bucket{le=\"0.005\"} 2\n",
        "\nantiphon_request_seconds_bucket{le=\"5\"} 2\n",
        "\nantiphon_request_seconds_bucket{le=\"+Inf\"} 3\n", "\nantiphon_request_seconds_sum 60.00305\n",
        "\nantiphon_request_seconds_count 3\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(metrics, are_a_route) {
  Router router;
  add_metrics_route(router, std::make_shared<Metrics>());
  Request request;
  request.set_method("GET");
  ASSERT_TRUE(request.set_target("/metrics"));
  FakeExchange exchange;
  router.find(request).route->handler(request, exchange);
  EXPECT_EQ(exchange.status, 200U);
  EXPECT_THAT(exchange.body, HasSubstr("antiphon_connections_total 0"));
}

TEST(server_limits, are_above_zero_T6) {
  EXPECT_NO_THROW(ServerLimits().check());
  EXPECT_THROW((ServerLimits{.body_timeout = 0ms}.check()), std::invalid_argument);
  EXPECT_THROW((ServerLimits{.parser = {.fields = 0}}.check()), std::invalid_argument);
  EXPECT_THROW((ServerLimits{.connections = 0}.check()), std::invalid_argument);
}

}  // namespace
}  // namespace antiphon::http
