#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "antiphon/http/parser.hpp"
#include "antiphon/http/request.hpp"
#include "antiphon/http/response_writer.hpp"
#include "antiphon/http/router.hpp"

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// Not inlined: GCC would see malloc behind new and free behind delete, and call the pair mismatched.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return counted(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace antiphon::http {
namespace {

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

TEST(allocation, none_per_request_once_warm) {
  constexpr std::string_view request =
      "GET /bytes/12345 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: a browser of some age\r\nAccept: "
      "*/*\r\n\r\n";
  Cycle cycle;
  for (int i = 0; i < 3; ++i) cycle.run(request);
  const std::size_t before = allocations;
  for (int i = 0; i < 1000; ++i) cycle.run(request);
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(cycle.answered, 1003U);
}

}  // namespace
}  // namespace antiphon::http
