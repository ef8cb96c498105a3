#include <gtest/gtest.h>
#include <antiphon/test_support/counted_new.hpp>

#include <cstdio>
#include <memory>
#include <vector>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using http::Exchange;
using http::Field;
using http::Request;
using test_support::allocations_of_this_thread;

struct Circumstances {
  http::Telemetry telemetry{};
  std::size_t connections = 1;  ///< which send in turn
};

class allocation : public testing::Test {
 protected:
  allocation() {
    // Of the thread that asks, which is the server's: what the clients allocate is not among it.
    router_.add("GET", "/count", [](const Request&, Exchange& exchange) {
      exchange.respond(200, "text/plain", std::to_string(allocations_of_this_thread()));
    });
    router_.add("GET", "/bytes/{n}", [](const Request& request, Exchange& exchange) {
      const std::array fields{Field{"Content-Type", "text/plain"}};
      exchange.respond(http::ResponseView{200, fields, request.param("n")});
    });
    router_.add("GET", "/stream", [](const Request&, Exchange& exchange) {
      exchange.start(200, {}, std::nullopt);
      exchange.write("some octets");
      exchange.finish();
    });
    router_.add("POST", "/body", [](const Request& request, Exchange& exchange) {
      exchange.respond(200, "text/plain", request.body());
    });
  }
  /// What the server allocates while it answers `octets` so often; no timer ticks meanwhile.
  std::size_t cost(const std::string& octets, std::size_t answers, const Circumstances& under = {}) {
    constexpr std::chrono::hours never{1000};
    RunningServer server(router_,
                         {.request_timeout = never,
                          .body_timeout = never,
                          .keep_alive_timeout = never,
                          .response_timeout = never,
                          .linger_timeout = never},
                         {}, under.telemetry);
    Client client(server.port());
    std::vector<std::unique_ptr<Client>> peers;
    for (std::size_t i = 0; i < under.connections; ++i)
      peers.push_back(std::make_unique<Client>(server.port()));
    const auto repeat = [&](int times) {
      for (int i = 0; i < times; ++i) {
        for (const auto& peer : peers) peer->send(octets);
        for (const auto& peer : peers)
          for (std::size_t n = 0; n < answers; ++n) EXPECT_EQ(peer->read_answer().status, 200U);
      }
    };
    repeat(20);
    client.get("/count");
    const auto before = std::stoul(client.get("/count").body);
    repeat(1000);
    return std::stoul(client.get("/count").body) - before;
  }

  http::Router router_;
};

constexpr std::string_view browser = "User-Agent: a browser of some age\r\nAccept: text/html, */*;q=0.8\r\n";

TEST_F(allocation, none_per_request_once_warm) {
  EXPECT_EQ(cost(request("GET", "/bytes/12345", browser), 1), 0U);
}

TEST_F(allocation, none_per_streamed_answer_once_warm) {
  EXPECT_EQ(cost(request("GET", "/stream", browser), 1), 0U);
}

TEST_F(allocation, none_per_collected_body_once_warm) {
  EXPECT_EQ(cost(request("POST", "/body", browser, "a body of some length"), 1), 0U);
}

TEST_F(allocation, none_for_pipelined_requests_once_warm) {
  std::string many;
  for (int i = 0; i < 32; ++i) many += request("GET", "/bytes/1", browser);
  EXPECT_EQ(cost(many, 32), 0U);
}

TEST_F(allocation, none_per_request_of_connections_that_share_what_the_server_lends) {
  EXPECT_EQ(cost(request("GET", "/bytes/12345", browser), 1, {.connections = 16}), 0U)
      << "of 16,000 requests";
}

TEST_F(allocation, none_per_request_that_is_counted_and_logged) {
  for (const auto format : {http::AccessLog::Format::clf, http::AccessLog::Format::json}) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere(std::fopen("/dev/null", "w"), std::fclose);
    ASSERT_NE(nowhere, nullptr);
    EXPECT_EQ(cost(request("GET", "/bytes/12345", browser), 1,
                   {.telemetry = {.metrics = std::make_shared<http::Metrics>(),
                                  .access_log = std::make_shared<http::AccessLog>(format, nowhere.get())},
                    .connections = 4}),
              0U);
  }
}

}  // namespace
}  // namespace antiphon::asio_style::test
