#include <gtest/gtest.h>
#include <antiphon/test_support/counted_new.hpp>

#include <thread>

#include "antiphon/http/parser.hpp"
#include "antiphon/http/request.hpp"
#include "antiphon/http/response_writer.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::http {
namespace {

using test_support::allocations_of_this_thread;

/// What a server does of a request, without the socket.
class Cycle final : public RequestParserListener {
 public:
  Cycle() { routes_.add("GET", "/bytes/{n}", {}); }

  void run(std::string_view octets) {
    parser_.feed(std::as_bytes(std::span(octets)));
    out_.clear();
  }
  std::size_t answered = 0;

 private:
  void on_url(std::string_view target) override {
    request_.clear();
    ASSERT_TRUE(request_.set_target(target));
  }
  void on_header(std::string_view name, std::string_view value) override {
    request_.headers().add(name, value);
  }
  void on_headers_complete(const MessageHead& head) override { request_.set_method(head.method); }
  void on_body(std::span<const std::byte>) override {}
  void on_message_complete() override {
    ASSERT_EQ(routes_.find(request_).found, Router::Found::route);
    writer_.begin(request_);
    const Field field{"Content-Type", "text/plain"};
    ASSERT_EQ(writer_.respond({200, {&field, 1}, "hello, world\n"}, out_), WriteResult::written);
    ++answered;
  }

  Router routes_;
  Request request_;
  RequestParser parser_{*this};
  DateCache date_;
  ResponseWriter writer_{date_};
  std::string out_;
};

TEST(allocation, each_of_this_thread_is_counted) {
  const std::size_t before = allocations_of_this_thread();
  ::operator delete(::operator new(100));  // called by name: the compiler may leave a new expression out
  ::operator delete[](::operator new[](100));
  EXPECT_EQ(allocations_of_this_thread() - before, 2U);
  std::size_t another_threads = 0;
  std::thread([&] { another_threads = allocations_of_this_thread(); }).join();
  EXPECT_EQ(another_threads, 0U);
}

TEST(allocation, none_per_request_once_warm) {
  constexpr std::string_view request =
      "GET /bytes/12345 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: a browser of some age\r\nAccept: "
      "*/*\r\n\r\n";
  Cycle cycle;
  for (int i = 0; i < 3; ++i) cycle.run(request);
  const std::size_t before = allocations_of_this_thread();
  for (int i = 0; i < 1000; ++i) cycle.run(request);
  EXPECT_EQ(allocations_of_this_thread() - before, 0U);
  EXPECT_EQ(cycle.answered, 1003U);
}

}  // namespace
}  // namespace antiphon::http
