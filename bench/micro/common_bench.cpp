// What both styles share, without a socket: parser, router, serialiser, flow control.

#include <benchmark/benchmark.h>
#include <llhttp.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "antiphon/app.hpp"
#include "antiphon/flow_control.hpp"
#include "antiphon/http/parser.hpp"
#include "antiphon/http/request.hpp"
#include "antiphon/http/response_writer.hpp"
#include "antiphon/http/router.hpp"
#include "counted.hpp"

namespace antiphon::bench {

namespace {

constexpr std::string_view small_get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view browser_get =
    "GET /bytes/4096?from=here HTTP/1.1\r\nHost: www.example.org:8080\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n"
    "Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\nPriority: u=0, i\r\n\r\n";

/// Takes everything, keeps nothing.
class Taker final : public http::RequestParserListener {
 public:
  void on_url(std::string_view target) override { benchmark::DoNotOptimize(target.data()); }
  void on_header(std::string_view name, std::string_view value) override {
    benchmark::DoNotOptimize(name.data());
    benchmark::DoNotOptimize(value.data());
  }
  void on_headers_complete(const http::MessageHead&) override {}
  void on_body(std::span<const std::byte>) override {}
  void on_message_complete() override {}
};

void parse(benchmark::State& state, std::string_view octets) {
  Taker taker;
  http::RequestParser parser(taker);
  const Counted counted(state);
  for (auto _ : state) {
    const auto result = parser.feed(std::as_bytes(std::span(octets)));
    if (result.status != http::ParseStatus::message_complete) state.SkipWithError("not parsed");
    parser.reset();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(octets.size()));
}
BENCHMARK_CAPTURE(parse, small_get, small_get)->Name("parse/small_get/antiphon");
BENCHMARK_CAPTURE(parse, browser_get, browser_get)->Name("parse/browser_get/antiphon");

/// llhttp alone with the same callbacks set: what the rules that RFC 9112 has beyond it cost.
void parse_bare(benchmark::State& state, std::string_view octets) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  const auto take = [](llhttp_t*, const char* at, std::size_t) {
    benchmark::DoNotOptimize(at);
    return 0;
  };
  settings.on_url = settings.on_header_field = settings.on_header_value = take;
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  const Counted counted(state);
  for (auto _ : state)
    if (llhttp_execute(&parser, octets.data(), octets.size()) != HPE_OK) state.SkipWithError("not parsed");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(octets.size()));
}
BENCHMARK_CAPTURE(parse_bare, small_get, small_get)->Name("parse/small_get/bare_llhttp");
BENCHMARK_CAPTURE(parse_bare, browser_get, browser_get)->Name("parse/browser_get/bare_llhttp");

void route(benchmark::State& state, std::string_view target) {
  http::Request request;
  request.set_method("GET");
  if (!request.set_target(target)) state.SkipWithError("no target");
  const http::Router& router = app();
  const Counted counted(state);
  for (auto _ : state) benchmark::DoNotOptimize(router.find(request).found);
}
BENCHMARK_CAPTURE(route, root, "/")->Name("route/root");
BENCHMARK_CAPTURE(route, parameter, "/bytes/4096")->Name("route/parameter");
BENCHMARK_CAPTURE(route, no_such_path, "/no/such/path")->Name("route/no_such_path");

void serialise(benchmark::State& state, std::size_t fields) {
  constexpr std::array all{http::Field{"Content-Type", "text/plain; charset=utf-8"},
                           http::Field{"Cache-Control", "no-store"},
                           http::Field{"ETag", "\"33a64df551425fcc55e4d42a148795d9f25f89d4\""},
                           http::Field{"Last-Modified", "Tue, 22 Feb 2022 22:22:22 GMT"},
                           http::Field{"Vary", "Accept-Encoding"},
                           http::Field{"X-Content-Type-Options", "nosniff"},
                           http::Field{"Referrer-Policy", "no-referrer"},
                           http::Field{"Content-Language", "en"}};
  http::Request request;
  request.set_method("GET");
  http::DateCache date;
  http::ResponseWriter writer(date);
  std::string out;
  const http::ResponseView response{200, std::span(all).first(fields), "hello, world\n"};
  out.reserve(4096);
  const Counted counted(state);
  for (auto _ : state) {
    writer.begin(request);
    if (writer.respond(response, out) != http::WriteResult::written) state.SkipWithError("not written");
    benchmark::DoNotOptimize(out.data());
    out.clear();
  }
}
BENCHMARK_CAPTURE(serialise, one_field, 1)->Name("serialise/one_field");
BENCHMARK_CAPTURE(serialise, eight_fields, 8)->Name("serialise/eight_fields");

void flow_control(benchmark::State& state) {
  WaterMarks marks;
  std::size_t size = 0;
  const Counted counted(state);
  for (auto _ : state) {
    size += 40'000;
    benchmark::DoNotOptimize(marks.added(size));
    if (size > 100'000) size = 0;
    benchmark::DoNotOptimize(marks.removed(size));
  }
}
BENCHMARK(flow_control)->Name("flow_control/added_and_removed");

}  // namespace

}  // namespace antiphon::bench
