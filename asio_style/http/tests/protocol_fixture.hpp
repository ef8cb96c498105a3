#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <utility>

#include "support.hpp"

namespace antiphon::asio_style::test {

using http::Body;
using http::Exchange;
using http::Field;
using http::Request;

/// A router for one test, and what its handlers leave behind. Handlers run on the server's thread.
class http_protocol : public testing::Test {
 protected:
  http_protocol() {
    router_.add("GET", "/",
                [](const Request&, Exchange& exchange) { exchange.respond(200, "text/plain", "ok"); });
    // Answers when the test says so.
    router_.add("GET", "/hold", [this](const Request&, Exchange& exchange) {
      exchange.on_cancel([this] { ++cancelled_; });
      held_ = &exchange;
    });
  }
  void release(RunningServer& server) {
    server.wait_until([this](HttpServer&) { return held_ != nullptr; });
    server.on_loop([this](HttpServer&) {
      std::exchange(held_, nullptr)->respond(200, "text/plain", "held");
      return 0;
    });
  }
  void route(std::string_view method, http::Handler handler, Body body = Body::buffered) {
    router_.add(method, "/it", std::move(handler), {.body = body});
  }

  http::Router router_;
  Exchange* held_ = nullptr;
  std::atomic<int> cancelled_ = 0;
};

}  // namespace antiphon::asio_style::test
