#include <gtest/gtest.h>
#include <antiphon/test_support/counted_new.hpp>

#include <cstdio>
#include <memory>
#include <vector>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using test_support::allocations_of_this_thread;

struct circumstances {
  std::function<void()> setup{};
  http::Telemetry telemetry{};
  std::size_t connections = 1;  ///< which send in turn
};

/// What the server allocates to answer `octets` a thousand times; no limit strikes meanwhile.
std::size_t cost(const std::string& octets, std::size_t answers, const circumstances& under = {}) {
  constexpr std::chrono::hours never{1000};
  web server(
      [&] {
        mount(app());
        defroute("GET", "/literal",
                 [](request&, response& to, const auto&) { send_response(to, {.body = "literal"}); },
                 {.regex = false});
        defroute(
            "POST", "/body",
            [](request& of, response& to, const auto&) { send_response(to, {.body = request_body(of)}); },
            {.regex = false});
        // Of the thread that asks, which is the server's: what the clients allocate is not among it.
        defroute("GET", "/count",
                 [](request&, response& to, const auto&) {
                   send_response(to, {.body = std::to_string(allocations_of_this_thread())});
                 },
                 {.regex = false});
        if (under.setup) under.setup();
      },
      {.request_timeout = never,
       .body_timeout = never,
       .keep_alive_timeout = never,
       .response_timeout = never,
       .linger_timeout = never},
      under.telemetry);
  client peer(server);
  std::vector<std::unique_ptr<client>> peers;
  for (std::size_t i = 0; i < under.connections; ++i) peers.push_back(std::make_unique<client>(server));
  const auto repeat = [&](int times) {
    for (int i = 0; i < times; ++i) {
      for (const auto& one : peers) one->send(octets);
      for (const auto& one : peers)
        for (std::size_t n = 0; n < answers; ++n) EXPECT_NE(one->answer(), "");
    }
  };
  repeat(20);
  peer.get("/count");
  const auto before = std::stoul(peer.get("/count"));
  repeat(1000);
  return std::stoul(peer.get("/count")) - before;
}

std::string get(std::string_view target) {
  return "GET " + std::string(target) +
         " HTTP/1.1\r\nHost: t\r\nUser-Agent: a browser of some age\r\nAccept: text/html, */*;q=0.8\r\n\r\n";
}

TEST(allocation, none_per_request_of_a_mounted_app_once_warm) {
  EXPECT_EQ(cost(get("/"), 1), 0U);
}

TEST(allocation, none_per_request_of_a_literal_route_once_warm) {
  EXPECT_EQ(cost(get("/literal"), 1), 0U);
}

TEST(allocation, none_per_collected_body_once_warm) {
  EXPECT_EQ(cost(post("/body", "a body of some length"), 1), 0U);
}

TEST(allocation, none_for_pipelined_requests_but_for_a_buffer_that_grows_once) {
  std::string many;
  for (int i = 0; i < 32; ++i) many += get("/");
  EXPECT_LE(cost(many, 32), 16U) << "of 32,000 requests";
}

TEST(allocation, none_for_hooks_that_are_done_at_once) {
  EXPECT_EQ(cost(get("/literal"), 1,
                 {.setup =
                      [] {
                        add_hook(hook::parsed_headers, [](request&) {});
                        add_hook(hook::body_chunk, [](request&, auto, bool) {});
                        add_hook(hook::body_complete, [](request&) {});
                        add_hook(hook::pre_route, [](request&, response&) {});
                        add_hook(hook::response_started, [](response&, request&, unsigned, auto, auto) {});
                      }}),
            0U);
}

TEST(allocation, none_per_request_of_many_connections_but_for_a_queue_that_grows_with_the_largest_burst) {
  EXPECT_LE(cost(get("/"), 1, {.connections = 16}), 16U) << "of 16,000 requests";
}

TEST(allocation, none_per_request_that_is_counted_and_logged) {
  for (const auto format : {http::AccessLog::Format::clf, http::AccessLog::Format::json}) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere(std::fopen("/dev/null", "w"), std::fclose);
    ASSERT_NE(nowhere, nullptr);
    EXPECT_EQ(cost(get("/"), 1,
                   {.telemetry = {.metrics = std::make_shared<http::Metrics>(),
                                  .access_log = std::make_shared<http::AccessLog>(format, nowhere.get())}}),
              0U);
  }
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
