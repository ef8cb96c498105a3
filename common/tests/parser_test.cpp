#include "antiphon/http/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "recorder.hpp"

namespace antiphon::http {
namespace {

using testing::ElementsAre;

std::vector<std::string> parse(std::string_view stream, const ParserLimits& limits = {}) {
  return outcome(stream, std::array{stream.size()}, limits);
}

/// The status with which a stream is refused; 0 if it is not.
unsigned refusal(const std::string& stream, const ParserLimits& limits = {}) {
  const auto log = parse(stream, limits);
  if (log.empty() || !log.back().starts_with("error ")) return 0;
  return static_cast<unsigned>(std::stoul(log.back().substr(6)));
}

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields, const std::string& body = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

TEST(parser, tells_a_request_in_order) {
  EXPECT_THAT(
      parse("POST /echo?q HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-Two: 1\r\nx-two: 2\r\n\r\nhello"),
      ElementsAre("url /echo?q", "field Host=a", "field Content-Length=5", "field X-Two=1", "field x-two=2",
                  "head POST 1.1 keep 5", "complete hello"));
}

TEST(parser, joins_the_chunks_and_keeps_trailers_out_of_the_headers) {
  EXPECT_THAT(
      parse(post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n6\r\n world\r\n0\r\nHost: evil\r\n\r\n")),
      ElementsAre("url /", "field Host=a", "field Transfer-Encoding=chunked", "head POST 1.1 keep chunked",
                  "complete hello world"));
}

TEST(parser, stops_behind_each_message_so_that_pipelined_ones_wait_T2) {
  Recorder recorder;
  RequestParser parser(recorder);
  const std::string two = get("Host: a\r\n") + get("Host: b\r\n");
  const ParseResult first = parser.feed(octets_of(two));
  EXPECT_EQ(first.status, ParseStatus::message_complete);
  EXPECT_EQ(first.consumed, two.size() / 2);
  EXPECT_EQ(recorder.log.size(), 4U);
  EXPECT_FALSE(parser.in_message());
  const ParseResult second = parser.feed(octets_of(two).subspan(first.consumed));
  EXPECT_EQ(second.status, ParseStatus::message_complete);
  EXPECT_THAT(recorder.log, testing::Contains("field Host=b"));
}

TEST(parser, tells_persistence_as_the_version_and_the_client_have_it) {
  EXPECT_THAT(parse(get("Host: a\r\nConnection: close\r\n")), testing::Contains("head GET 1.1 close 0"));
  EXPECT_THAT(parse("GET / HTTP/1.0\r\n\r\n"), testing::Contains("head GET 1.0 close 0"));
  EXPECT_THAT(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
              testing::Contains("head GET 1.0 keep 0"));
  EXPECT_THAT(parse(get("Host: a\r\nConnection: x, Close\r\n")), testing::Contains("head GET 1.1 close 0"));
}

TEST(parser, ignores_an_offer_to_upgrade) {
  EXPECT_THAT(parse(get("Host: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n") + get("Host: b\r\n")),
              testing::Contains("field Host=b"));
}

TEST(parser, wants_exactly_one_well_formed_host) {
  EXPECT_EQ(refusal(get("")), 400U);
  EXPECT_EQ(refusal(get("Host: a\r\nHost: a\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: a b\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: a/b\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: a:port\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: user@a\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host:\r\n")), 0U);
  EXPECT_EQ(refusal(get("Host: [::1]:80\r\n")), 0U);
  EXPECT_EQ(refusal("GET / HTTP/1.0\r\n\r\n"), 0U);
}

TEST(parser, takes_only_one_framing) {
  EXPECT_EQ(refusal(post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")), 400U);
  EXPECT_EQ(refusal(post("Content-Length: 1\r\nContent-Length: 1\r\n")), 400U);
  EXPECT_EQ(refusal(post("Content-Length: 1\r\nContent-Length: 2\r\n")), 400U);
  for (const char* bad : {"+1", "-1", "1 1", "1,1", "0x1", "1.0", "", "one"})
    EXPECT_EQ(refusal(post("Content-Length: " + std::string(bad) + "\r\n")), 400U) << bad;
  EXPECT_EQ(refusal(post("Content-Length: 99999999999999999999999\r\n")), 413U);
}

TEST(parser, knows_only_the_chunked_coding) {
  EXPECT_EQ(refusal(post("Transfer-Encoding: gzip\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: identity\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked, gzip\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked, chunked\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: gzip, chunked\r\n")), 501U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: xchunked\r\n")), 400U);
  EXPECT_EQ(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n")), 0U);
}

TEST(parser, says_what_is_wrong_with_a_line_of_the_head) {
  const auto reason = [](const std::string& fields) {
    Recorder recorder;
    RequestParser parser(recorder);
    return parser.feed(octets_of(get(fields))).error.reason;
  };
  EXPECT_EQ(reason("Host: a\r\n b\r\n"), "a folded header line");
  EXPECT_EQ(reason("Host: a\r\n\tb\r\n"), "a folded header line");
  EXPECT_EQ(reason("Host : a\r\n"), "a header field's name is no token");
  EXPECT_EQ(reason(": a\r\n"), "a header field without a name");
  EXPECT_EQ(reason("Host: a\x01\r\n"), "a header field's value has a control octet");
  EXPECT_EQ(reason("Host: a\n"), "a line of the head does not end in CR LF");
}

TEST(parser, empty_elements_of_a_list_of_codings_do_not_count_wherever_they_stand_RFC_9110_5_6_1_2) {
  for (const char* list : {"chunked,", ",chunked", " , chunked ,\t,", "chunked , ",
                           "chunked\r\nTransfer-Encoding: ,", "\r\nTransfer-Encoding: chunked"})
    EXPECT_THAT(parse(post("Transfer-Encoding: " + std::string(list) + "\r\n", "1\r\na\r\n0\r\n\r\n")),
                testing::Contains("complete a"))
        << list;
  EXPECT_EQ(refusal(post("Transfer-Encoding: ,\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked,,gzip\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: gzip,,chunked\r\n")), 501U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked,\r\nContent-Length: 1\r\n")), 400U);
}

TEST(parser, skips_a_few_empty_lines_before_a_request_and_refuses_a_flood_of_them_RFC_9112_2_2) {
  EXPECT_EQ(refusal("\r\n\r\n" + get("Host: a\r\n") + "\r\n" + get("Host: a\r\n")), 0U);
  std::string flood;
  while (flood.size() < 40'000) flood += "\r\n";
  EXPECT_EQ(refusal(flood + get("Host: a\r\n")), 400U);
  Recorder recorder;
  RequestParser parser(recorder);
  EXPECT_EQ(parser.feed(octets_of(flood)).error.reason, "too many empty lines before the request line");
}

TEST(parser, refuses_line_ends_that_are_not_CR_LF) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n"), 400U);
}

TEST(parser, refuses_malformed_chunks) {
  for (const char* bad :
       {"5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "5;a=\nb\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\n", "5\r\nhello\r\n0\n\r\n", "5\rX\nhello\r\n0\r\n\r\n"})
    EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", bad)), 400U) << bad;
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n")), 413U);
}

TEST(parser, refuses_malformed_heads) {
  EXPECT_EQ(refusal(get("Host: a\r\nX: a\r\n b\r\n")), 400U) << "obs-fold";
  EXPECT_EQ(refusal(get("Host : a\r\n")), 400U);
  EXPECT_EQ(refusal(get(" Host: a\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: a\r\n: x\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: a\r\nX\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: a\r\nX(: y\r\n")), 400U);
  EXPECT_EQ(refusal(get(std::string("Host: a\r\nX: a\0b\r\n", 17))), 400U) << "NUL";
  EXPECT_EQ(refusal("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET /\r\n\r\n"), 400U) << "HTTP/0.9";
  EXPECT_EQ(refusal("GET / http/1.1\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("\x16\x03\x01"), 400U) << "a TLS hello";
  EXPECT_EQ(refusal("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("BR(W / HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("BREW / HTTP/1.1x\r\nHost: a\r\n\r\n"), 400U) << "the whole line is judged first";
  EXPECT_EQ(refusal(get("Host: a\r\nX: \x01\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: a\r\nX: \x7f\r\n")), 400U);
  EXPECT_EQ(refusal(get("Host: a\r\nX: \xe9\x80\r\n")), 0U) << "obs-text";
}

TEST(parser, reads_a_later_minor_version_as_HTTP_1_1_RFC_9110_2_5) {
  EXPECT_THAT(parse("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), testing::Contains("head GET 1.2 keep 0"));
  EXPECT_EQ(refusal("GET / HTTP/1.9\r\n\r\n"), 400U) << "Host is wanted as well";
}

TEST(parser, trailers_are_held_to_the_rules_of_fields_and_to_their_number) {
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "0\r\nX Y: z\r\n\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "0\r\nX: \x01\r\n\r\n")), 400U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "0\r\nX: y\r\n z\r\n\r\n")), 400U);
  const ParserLimits limits{.fields = 2};
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "0\r\nA: 1\r\nB: 2\r\n\r\n"), limits), 0U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"), limits),
            431U);
}

TEST(parser, a_chunk_that_would_exceed_the_body_is_refused_before_its_data) {
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n6"), {.body = 10}), 413U);
}

TEST(parser, takes_what_llhttp_8_1_refuses_though_the_grammar_has_it) {
  EXPECT_EQ(refusal(post("Content-Length: \t 5 \t \r\n", "hello")), 0U);
  EXPECT_EQ(refusal(post("Transfer-Encoding:\tchunked\t\r\n", "0\r\n\r\n")), 0U);
  for (const char* line : {"5;n=v;more", "5;a=\"b\\\"c\"", "5 ;a", "5; a", "5;a = b", "5;a=b;c=\"d\";e"})
    EXPECT_THAT(
        parse(post("Transfer-Encoding: chunked\r\n", std::string(line) + "\r\nhello\r\n0;x=y\r\n\r\n")),
        testing::Contains("complete hello"))
        << line;
  EXPECT_THAT(parse(get("Host: a\r\nX: a\tb \t c\t\r\n")), testing::Contains("field X=a\tb \t c"));
}

TEST(parser, tells_what_it_does_not_implement) {
  EXPECT_EQ(refusal("DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n"), 501U) << "a method of RTSP";
  EXPECT_EQ(refusal("PRI / HTTP/1.1\r\nHost: a\r\n\r\n"), 501U);
  EXPECT_EQ(refusal("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), 501U);
  EXPECT_EQ(refusal(std::string(9'000, 'M')), 501U);
  EXPECT_EQ(refusal("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 501U);
  EXPECT_EQ(refusal("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501U);
  EXPECT_EQ(refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505U);
  EXPECT_EQ(refusal("GET / HTTP/3.1\r\nHost: a\r\n\r\n"), 505U);
  EXPECT_EQ(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505U);
  EXPECT_EQ(refusal(post("Content-Length: 1\r\nExpect: 200-maybe\r\n")), 417U);
}

TEST(parser, holds_every_limit_exactly) {
  const ParserLimits limits{.head = 64, .target = 10, .fields = 2, .body = 5};
  EXPECT_EQ(refusal("GET /123456789 HTTP/1.1\r\nHost: a\r\n\r\n", limits), 0U);
  EXPECT_EQ(refusal("GET /1234567890 HTTP/1.1\r\nHost: a\r\n\r\n", limits), 414U);
  EXPECT_EQ(refusal(get("Host: a\r\nX: y\r\n"), limits), 0U);
  EXPECT_EQ(refusal(get("Host: a\r\nX: y\r\nZ: 1\r\n"), limits), 431U);
  const std::string filled = get("Host: a\r\nX: " + std::string(64 - 16 - 9 - 5 - 2, 'x') + "\r\n");
  ASSERT_EQ(filled.size(), 64U);
  EXPECT_EQ(refusal(filled, limits), 0U);
  EXPECT_EQ(refusal(get("Host: a\r\nX: " + std::string(64 - 16 - 9 - 5 - 1, 'x') + "\r\n"), limits), 431U);
  EXPECT_EQ(refusal(post("Content-Length: 5\r\n", "12345"), limits), 0U);
  EXPECT_EQ(refusal(post("Content-Length: 6\r\n"), limits), 413U)
      << "before any of the body is read (SN-004)";
}

TEST(parser, a_chunked_body_is_held_to_the_limit_too) {
  const ParserLimits limits{.body = 5};
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "5\r\n12345\r\n0\r\n\r\n"), limits), 0U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "5\r\n12345\r\n1\r\n6\r\n0\r\n\r\n"), limits),
            413U);
}

TEST(parser, chunk_extensions_and_trailers_are_bounded) {
  const std::string long_line(20'000, 'x');
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "1;" + long_line + "\r\na\r\n0\r\n\r\n")), 431U);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n", "0\r\nT: " + long_line + "\r\n\r\n")), 431U);
}

TEST(parser, the_end_of_data_inside_a_message_is_an_error) {
  Recorder recorder;
  RequestParser parser(recorder);
  EXPECT_EQ(parser.finish().status, ParseStatus::need_more);
  EXPECT_EQ(parser.feed(octets_of("GET / HT")).status, ParseStatus::need_more);
  EXPECT_TRUE(parser.in_message());
  EXPECT_EQ(parser.finish().error.status, 400U);
}

TEST(parser, a_HEAD_is_known_as_one_though_it_is_malformed) {
  for (const std::string_view whole :
       {"HEAD / HTTP/1.1\r\n\r\n", "HEAD /\x01 HTTP/1.1\r\n\r\n", "HEAD / HTTP/2.0\r\n\r\n"}) {
    for (const bool cut : {false, true}) {
      Recorder recorder;
      RequestParser parser(recorder);
      EXPECT_FALSE(parser.is_head());
      ParseStatus status = ParseStatus::need_more;
      for (std::string_view rest = whole; !rest.empty() && status != ParseStatus::malformed;) {
        const std::string_view piece = rest.substr(0, cut ? 1 : rest.size());
        status = parser.feed(octets_of(piece)).status;
        rest.remove_prefix(piece.size());
      }
      EXPECT_EQ(status, ParseStatus::malformed) << whole;
      EXPECT_TRUE(parser.is_head()) << whole;
    }
  }
  Recorder recorder;
  RequestParser parser(recorder);
  EXPECT_EQ(parser.feed(octets_of("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")).status,
            ParseStatus::message_complete);
  EXPECT_TRUE(parser.is_head());
  EXPECT_EQ(parser.feed(octets_of("G")).status, ParseStatus::need_more);
  EXPECT_FALSE(parser.is_head());
}

/// Pauses or stops at a chosen event.
class Interrupter : public Recorder {
 public:
  enum class At { head, body };
  Interrupter(At at, bool stop) : at_(at), stop_(stop) {}
  void on_headers_complete(const MessageHead& head) override {
    Recorder::on_headers_complete(head);
    if (at_ == At::head) act();
  }
  void on_body(std::span<const std::byte> octets) override {
    Recorder::on_body(octets);
    if (at_ == At::body) act();
  }
  RequestParser* parser = nullptr;

 private:
  void act() { stop_ ? parser->stop({413, "enough"}) : parser->pause(); }
  At at_;
  bool stop_;
};

TEST(parser, pause_takes_effect_behind_the_event_and_resume_goes_on_there) {
  const std::string stream = post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
  for (const auto at : {Interrupter::At::head, Interrupter::At::body}) {
    Interrupter listener(at, false);
    RequestParser parser(listener);
    listener.parser = &parser;
    std::string_view rest = stream;
    ParseResult result = parser.feed(octets_of(rest));
    int pauses = 0;
    while (result.status == ParseStatus::paused) {
      ++pauses;
      EXPECT_LE(listener.pieces, pauses);
      rest.remove_prefix(result.consumed);
      EXPECT_EQ(parser.feed(octets_of(rest)).consumed, 0U) << "nothing is taken while paused";
      parser.resume();
      result = parser.feed(octets_of(rest));
    }
    EXPECT_EQ(result.status, ParseStatus::message_complete);
    EXPECT_EQ(result.consumed, rest.size());
    EXPECT_EQ(pauses, at == Interrupter::At::head ? 1 : 2);
    EXPECT_EQ(listener.log.back(), "complete ab");
  }
}

TEST(parser, pause_at_the_head_of_a_request_without_a_body_still_completes) {
  Interrupter listener(Interrupter::At::head, false);
  RequestParser parser(listener);
  listener.parser = &parser;
  const std::string stream = get("Host: a\r\n");
  EXPECT_EQ(parser.feed(octets_of(stream)).status, ParseStatus::paused);
  parser.resume();
  EXPECT_EQ(parser.feed({}).status, ParseStatus::message_complete);
}

TEST(parser, stop_in_a_callback_ends_it_at_once_T3) {
  for (const auto at : {Interrupter::At::head, Interrupter::At::body}) {
    Interrupter listener(at, true);
    RequestParser parser(listener);
    listener.parser = &parser;
    const ParseResult result =
        parser.feed(octets_of(post("Content-Length: 2\r\n", "ab") + get("Host: b\r\n")));
    EXPECT_EQ(result.status, ParseStatus::malformed);
    EXPECT_EQ(result.error.status, 413U);
    EXPECT_LE(listener.pieces, 1);
    const auto events = listener.log.size();
    EXPECT_EQ(parser.feed(octets_of(get("Host: b\r\n"))).status, ParseStatus::malformed);
    EXPECT_EQ(listener.log.size(), events);
    parser.reset();
    EXPECT_TRUE(listener.log.size() == events);
  }
}

}  // namespace
}  // namespace antiphon::http
