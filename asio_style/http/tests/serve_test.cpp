// serve and HttpServer, SN-020 to SN-024: starting, hooks, signals, draining.

#include <gtest/gtest.h>
#include <unistd.h>

#include <antiphon/app.hpp>
#include <antiphon/asio_style/errors.hpp>
#include <antiphon/asio_style/http/serve.hpp>
#include <atomic>
#include <csignal>
#include <stdexcept>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using http::Exchange;
using http::Request;

/// serve() in a thread, as far as its first connection is welcome.
class Serving {
 public:
  explicit Serving(const http::Router& router, ServeOptions options = {}) {
    options.handle_signals = false;
    options.server.log = [this](std::string_view line) { log_ += std::string(line) + "\n"; };
    std::promise<std::uint16_t> listening;
    options.on_listening = [&](std::uint16_t port) { listening.set_value(port); };
    options.on_stopper = [this](std::function<void()> stop) { stop_ = std::move(stop); };
    thread_ = std::thread([this, &router, options] { status_ = serve("127.0.0.1", 0, router, options); });
    port_ = listening.get_future().get();
  }
  ~Serving() { end(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void stop() { stop_(); }
  int end() {
    stop_();
    return join();
  }
  int join() {
    if (thread_.joinable()) thread_.join();
    return status_;
  }
  [[nodiscard]] const std::string& log() const { return log_; }  // after the end

 private:
  std::thread thread_;
  std::function<void()> stop_;
  std::string log_;
  std::uint16_t port_ = 0;
  int status_ = -1;
};

/// The app with a route "/held" whose answer waits until it is let go.
class HeldApp {
 public:
  HeldApp() {
    router_.add("GET", "/held", [this](const Request&, Exchange& exchange) { held_ = &exchange; });
  }
  [[nodiscard]] const http::Router& router() const { return router_; }
  /// On the loop's thread.
  void let_go() { std::exchange(held_, nullptr)->respond(200, "text/plain", "held\n"); }

 private:
  http::Router router_ = app();
  Exchange* held_ = nullptr;
};

/// What serve says if it can't.
std::string refusal(const std::string& host, std::uint16_t port, ServeOptions options = {}) {
  std::string log;
  options.handle_signals = false;
  options.server.log = [&log](std::string_view line) { log += std::string(line) + "\n"; };
  options.on_listening = [](std::uint16_t) { ADD_FAILURE() << "it listens"; };
  EXPECT_EQ(serve(host, port, app(), options), 1);
  EXPECT_EQ(count(log, "\n"), 1U) << log;
  return log;
}

// ---- starting

TEST(serving, ends_with_0_when_stopped_SN_020) {
  Serving serving(app());
  Client client(serving.port());
  EXPECT_EQ(client.get("/").body, "hello, world\n");
  EXPECT_EQ(serving.end(), 0);
  EXPECT_EQ(serving.log(), "");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(serving, its_stopper_may_be_called_after_the_end) {
  Serving serving(app());
  serving.end();
  serving.stop();
}

TEST(serving, a_port_in_use_is_named_with_host_and_reason_SN_021) {
  Serving serving(app());
  const std::string address = "127.0.0.1:" + std::to_string(serving.port());
  EXPECT_EQ(refusal("127.0.0.1", serving.port()),
            "cannot listen on " + address + ": Address already in use\n");
}

TEST(serving, an_address_of_another_machine_is_named_SN_021) {
  EXPECT_EQ(refusal("192.0.2.1", 1), "cannot listen on 192.0.2.1:1: Cannot assign requested address\n");
}

TEST(serving, a_host_that_is_none_is_named_SN_021) {
  EXPECT_TRUE(refusal("no such host", 80).starts_with("cannot listen on no such host:80: "));
}

TEST(serving, limits_that_make_no_sense_are_named_T6) {
  EXPECT_EQ(refusal("127.0.0.1", 0, {.server = {.limits = {.linger_timeout = std::chrono::seconds(0)}}}),
            "cannot serve on 127.0.0.1:0: linger_timeout must be above 0\n");
}

TEST(serving, an_after_start_that_throws_ends_it) {
  EXPECT_EQ(
      refusal("127.0.0.1", 0, {.after_start = [](EventLoop&) { throw std::runtime_error("no database"); }}),
      "after_start failed on 127.0.0.1:0: no database\n");
}

// ---- hooks

TEST(serving, hooks_run_once_and_are_waited_for_SN_022) {
  std::vector<std::string> order;  // touched by the serving thread, read after its end
  http::Router router;
  router.add("GET", "/", [&](const Request&, Exchange& exchange) {
    order.emplace_back("request");
    exchange.respond(200, "text/plain", "ok");
  });
  ServeOptions options;
  options.after_start = [&](EventLoop& loop) -> Task<void> {
    order.emplace_back("after_start");
    co_await loop.sleep(std::chrono::milliseconds(5));
    order.emplace_back("started");
  };
  options.before_stop = [&](EventLoop& loop) -> Task<void> {
    order.emplace_back("before_stop");
    co_await loop.sleep(std::chrono::milliseconds(5));
    order.emplace_back("stopped");
  };
  Serving serving(router, options);
  EXPECT_EQ(Client(serving.port()).get("/").body, "ok");
  EXPECT_EQ(serving.end(), 0);
  EXPECT_EQ(order, (std::vector<std::string>{"after_start", "started", "request", "before_stop", "stopped"}));
}

TEST(serving, hooks_may_be_plain_functions_and_one_that_fails_does_not_stop_the_stop_SN_022) {
  int started = 0;
  ServeOptions options;
  options.after_start = [&](EventLoop&) { ++started; };
  options.before_stop = [](EventLoop&) { throw std::runtime_error("oh"); };
  Serving serving(app(), options);
  EXPECT_EQ(serving.end(), 0);
  EXPECT_EQ(started, 1);
  EXPECT_EQ(serving.log(), "before_stop failed: oh\n");
}

TEST(serving, a_second_stop_does_not_wait_for_before_stop_SN_024) {
  std::promise<void> asked;
  ServeOptions options;
  options.before_stop = [&](EventLoop& loop) -> Task<void> {
    asked.set_value();
    co_await loop.sleep(std::chrono::hours(1));
  };
  Serving serving(app(), options);
  serving.stop();
  asked.get_future().wait();
  EXPECT_EQ(serving.end(), 0);
}

// ---- signals; these run in the process's main thread, as they must

class signalled : public testing::TestWithParam<int> {};

TEST_P(signalled, a_signal_drains_and_ends_with_0_SN_020_SN_023) {
  HeldApp held;
  EventLoop* loop = nullptr;
  std::thread client_thread;
  std::optional<Answer> answer;
  ServeOptions options;
  options.after_start = [&loop](EventLoop& its) -> Task<void> {
    loop = &its;
    co_return;
  };
  options.on_listening = [&](std::uint16_t port) {
    client_thread = std::thread([&, port] {
      Client idle(port);
      EXPECT_EQ(idle.get("/").status, 200U);
      Client busy(port);
      busy.send(request("GET", "/held"));
      EXPECT_EQ(idle.get("/").status, 200U);  // sent after it, hence the other is being answered
      ::kill(::getpid(), GetParam());
      EXPECT_EQ(idle.read_to_end(), "");
      loop->call_soon_threadsafe([&held] { held.let_go(); });
      answer = busy.read_answer();
      EXPECT_EQ(busy.read_to_end(), "");
    });
  };
  EXPECT_EQ(serve("127.0.0.1", 0, held.router(), options), 0);
  client_thread.join();
  EXPECT_EQ(answer->body, "held\n");
  EXPECT_EQ(answer->headers.get("Connection"), "close");
}

INSTANTIATE_TEST_SUITE_P(, signalled, testing::Values(SIGINT, SIGTERM));

TEST(serving, a_second_signal_aborts_at_once_SN_024) {
  http::Router router;
  std::atomic<int> asked = 0;
  std::atomic<int> cancelled = 0;
  router.add("GET", "/never", [&](const Request&, Exchange& exchange) {
    exchange.on_cancel([&] { ++cancelled; });
    if (++asked == 2) ::kill(::getpid(), SIGTERM);
  });
  std::thread client_thread;
  std::string log;
  ServeOptions options;
  options.graceful_timeout = std::chrono::hours(1);
  options.server.log = [&log](std::string_view line) { log += line; };
  // The drain has begun: only now is the second signal one.
  options.before_stop = [](EventLoop& loop) { loop.call_soon([] { ::kill(::getpid(), SIGINT); }); };
  options.on_listening = [&](std::uint16_t port) {
    client_thread = std::thread([port] {
      Client first(port);
      Client second(port);
      first.send(request("GET", "/never"));
      second.send(request("GET", "/never"));
      EXPECT_EQ(first.read_to_end().value_or(""), "");
      EXPECT_EQ(second.read_to_end().value_or(""), "");
    });
  };
  EXPECT_EQ(serve("127.0.0.1", 0, router, options), 0);
  client_thread.join();
  EXPECT_EQ(cancelled, 2);
  EXPECT_EQ(log, "2 connections were aborted");
}

// ---- draining

TEST(draining, lets_answers_under_way_finish_and_refuses_the_rest_SN_023) {
  HeldApp held;
  RunningServer server(held.router());
  Client idle(server.port());
  EXPECT_EQ(idle.get("/").status, 200U);
  Client streaming(server.port(), 4096);
  streaming.send(request("GET", "/bytes/33554432"));
  Client waiting(server.port());
  waiting.send(request("GET", "/held") + request("GET", "/"));
  server.wait_until([](HttpServer& it) { return it.statistics().requests == 3 && it.buffered() > 65536; });
  server.begin_stop(std::chrono::hours(1));
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_THROW(Client(server.port()), std::runtime_error);
  // Its head had promised to keep the connection.
  EXPECT_EQ(streaming.read_answer().body.size(), 33554432U);
  EXPECT_EQ(streaming.read_to_end(), "");
  server.on_loop([&held](HttpServer&) { held.let_go(); });
  const Answer answer = waiting.read_answer();
  EXPECT_EQ(answer.body, "held\n");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_EQ(waiting.read_to_end(), "");
  EXPECT_EQ(server.stop(), 0U);
}

TEST(draining, aborts_and_counts_what_is_left_at_the_deadline_SN_024) {
  http::Router router;
  router.add("GET", "/never", [](const Request&, Exchange&) {});
  ServeOptions options;
  options.graceful_timeout = std::chrono::milliseconds(10);
  Serving serving(router, options);
  Client client(serving.port());
  client.send(request("GET", "/never"));
  Client other(serving.port());
  EXPECT_EQ(other.get("/none").status, 404U);  // the first is being answered by now
  EXPECT_EQ(serving.end(), 0);
  EXPECT_EQ(serving.log(), "1 connection was aborted\n");
}

TEST(draining, under_load_breaks_no_answer_SN_023) {
  RunningServer server(app());
  std::atomic<std::uint64_t> answers = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      try {
        while (true) {
          Client client(server.port());
          for (int n = 0; n < 10; ++n) {
            client.send(request("GET", i % 2 == 0 ? "/" : "/bytes/50000"));
            const Answer answer = client.read_answer();
            if (answer.status == 0) break;  // closed between two requests
            EXPECT_EQ(answer.status, 200U);
            EXPECT_EQ(answer.body.size(), i % 2 == 0 ? 13U : 50'000U);
            ++answers;
          }
        }
      } catch (const std::runtime_error&) {
        return;  // refused, or reset while idle: the server is gone
      }
    });
  }
  while (answers < 500) std::this_thread::yield();
  const HttpStatistics before = server.statistics();
  EXPECT_GE(before.responses[2], 500U);
  EXPECT_EQ(server.stop(std::chrono::hours(1)), 0U);
  for (auto& client : clients) client.join();
}

TEST(draining, a_server_that_never_started_stops_too) {
  EventLoop loop;
  HttpServer server(loop, app());
  EXPECT_EQ(loop.run_until_complete(server.stop(std::chrono::hours(1))), 0U);
}

TEST(draining, a_server_is_not_bound_twice) {
  EventLoop loop;
  HttpServer server(loop, app());
  EXPECT_THROW(loop.run_until_complete(server.start_serving()), RuntimeError);
  loop.run_until_complete(server.bind("127.0.0.1", 0));
  EXPECT_NE(server.port(), 0);
  EXPECT_THROW(loop.run_until_complete(server.bind("127.0.0.1", 0)), RuntimeError);
}

}  // namespace
}  // namespace antiphon::asio_style::test
