#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "recorder.hpp"

namespace antiphon::http {
namespace {

using namespace std::string_view_literals;

/// Streams with everything whose place could matter, good and bad.
constexpr std::array streams{
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "\r\n\r\nGET /a%20b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nX-Empty:\r\nX-Space:  \t v w \t\r\nX-A: 1\r\nX-A: 2\r\n\r\n"sv,
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
    "world\r\n0\r\nTrailer: t\r\n\r\n"
    "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"sv,
    "GET / HTTP/1.0\r\n\r\n"sv,
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "GET / HTTP/1.1\nHost: a\r\n\r\n"sv,
    "GET / HTTP/1.1\r\nHost: a\n\r\n"sv,
    "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"sv,
    "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"sv,
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n"sv,
    "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\n"sv,
    "FOO / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "\x16\x03\x01\x02"sv,
    "GET / HTTP/3.0\r\nHost: a\r\n\r\n"sv,
    "GET / HTTP/1.1\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nshort"sv,
    "GET / HTTP/1.1\r\nHo"sv,
    "BR(W / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "BREW /%zz HTTP/1.1x\r\nHost: a\r\n\r\n"sv,
    "DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "SOURCE / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "PRI / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t 5 \t \r\nX: a\tb \t c\t\r\n\r\nhello"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n5 ;n = v ;m=\"\\\"\"\r\nhello\r\n0;x=y\r\n\r\n"sv,
    "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "GET / HTTP/1.7\r\nHost: a\r\n\r\n"sv,
    "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nxyz"sv,
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n"sv,
    "GET / HTTP/1.1\r\nHost: a\r\nX(: a\r\n\r\n"sv,
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: a, b\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\r\nhello\r\n0\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\\\"\"\r\nhello\r\n0\r\nA: b\r\nC\x01: d\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\nhello"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked\r\n\r\n0\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked ,\t\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n"sv,
    "\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive, close\r\n\r\nhello"sv,
};

TEST(segmentation, every_cut_in_two_gives_the_same_events) {
  for (const std::string_view stream : streams) {
    const auto whole = outcome(stream, std::array{stream.size()});
    for (std::size_t cut = 1; cut < stream.size(); ++cut)
      ASSERT_EQ(outcome(stream, std::array{cut, stream.size() - cut}), whole) << stream << " cut at " << cut;
  }
}

TEST(segmentation, octet_by_octet_gives_the_same_events) {
  for (const std::string_view stream : streams)
    ASSERT_EQ(outcome(stream, std::array<std::size_t, 0>{}), outcome(stream, std::array{stream.size()}))
        << stream;
}

RC_GTEST_PROP(segmentation, any_cutting_of_any_two_streams_gives_the_same_events, ()) {
  const auto first = *rc::gen::inRange<std::size_t>(0, streams.size());
  const auto second = *rc::gen::inRange<std::size_t>(0, streams.size());
  const std::string stream = std::string(streams.at(first)) + std::string(streams.at(second));
  const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 40));
  RC_ASSERT(outcome(stream, sizes) == outcome(stream, std::array{stream.size()}));
}

RC_GTEST_PROP(segmentation, a_damaged_stream_is_judged_alike_however_it_is_cut, ()) {
  std::string stream(streams.at(*rc::gen::inRange<std::size_t>(0, streams.size())));
  const auto place = *rc::gen::inRange<std::size_t>(0, stream.size());
  stream[place] = *rc::gen::elementOf(std::string("\r\n\0 \t:;a0\x7f\xff", 11));
  const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 40));
  RC_ASSERT(outcome(stream, sizes) == outcome(stream, std::array{stream.size()}));
}

TEST(segmentation, the_limits_are_felt_at_the_same_octet_however_it_is_cut) {
  const ParserLimits small{.head = 100, .target = 20, .fields = 3, .body = 10};
  for (const std::string& stream :
       {"GET /" + std::string(30, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'x') + "\r\n\r\n",
        "GET /" + std::string(25, 'a') + " HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'x') + "\r\n\r\n",
        std::string("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world"),
        std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n9\r\n123456789\r\n2\r\nab\r\n0\r\n\r\n")}) {
    auto whole = outcome(stream, std::array{stream.size()}, small);
    for (std::size_t cut = 1; cut < stream.size(); ++cut)
      ASSERT_EQ(outcome(stream, std::array{cut, stream.size() - cut}, small), whole)
          << stream << " cut at " << cut;
  }
}

}  // namespace
}  // namespace antiphon::http
