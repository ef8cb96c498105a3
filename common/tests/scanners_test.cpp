// HeadScanner and ChunkScanner: each fault is found at its octet, whatever the cutting.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "char_rules.hpp"
#include "chunk_scanner.hpp"
#include "head_scanner.hpp"

namespace antiphon::http {
namespace {

using Found = HeadScanner::Found;

/// Where and with what status a head is refused; none if it is not.
struct Fault {
  std::size_t at;
  unsigned status;
  bool operator==(const Fault&) const = default;
};

std::optional<Fault> head_fault(std::string_view head, std::size_t piece, std::size_t most_target = 100) {
  HeadScanner scanner(most_target);
  std::size_t line = 0;  // where it begins
  for (std::size_t end = 0; end < head.size();) {
    end = std::min(end + piece, head.size());
    while (true) {
      const Found found = scanner.next(head.substr(line, end - line));
      if (found == Found::bad) return Fault{line + scanner.size(), scanner.error().status};
      line += scanner.size();
      if (found == Found::end) return std::nullopt;
      if (found == Found::more) break;
    }
  }
  return std::nullopt;
}

void expect_head_fault(std::string_view head, std::size_t at, unsigned status) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, head.size()})
    EXPECT_EQ(head_fault(head, piece), (Fault{at, status})) << head << " in pieces of " << piece;
}

/// What a scanner finds in octets that come in pieces, a line each.
std::string findings(std::string_view head, std::size_t piece) {
  HeadScanner scanner(100);
  std::string all;
  std::size_t line = 0;
  for (std::size_t end = 0; end < head.size();) {
    end = std::min(end + piece, head.size());
    while (true) {
      const Found found = scanner.next(head.substr(line, end - line));
      for (const Field& field : scanner.fields())
        all.append(field.name).append("=").append(field.value).append(";");
      line += scanner.size();
      if (found == Found::more) break;
      if (found == Found::request_line) all.append(scanner.line());
      if (found == Found::end) return all + "end at " + std::to_string(line);
      if (found == Found::bad) return all + "bad at " + std::to_string(line);
    }
  }
  return all;
}

TEST(head_scanner, tells_what_a_head_has_and_where_it_ends_however_it_is_cut) {
  std::string head = "\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\nX-1!:\t b  c\x80 \t\r\nEmpty:\r\nBlank: \r\n";
  std::string want = "GET /a HTTP/1.1\r\nHost=a;X-1!=b  c\x80;Empty=;Blank=;";
  for (unsigned i = 0; i < HeadScanner::most_fields; ++i) {  // more than are told at once
    head += "F: " + std::to_string(i) + "\r\n";
    want += "F=" + std::to_string(i) + ";";
  }
  head += "\r\n";
  want += "end at " + std::to_string(head.size());
  for (std::size_t piece = 1; piece <= head.size(); ++piece)
    EXPECT_EQ(findings(head + "GET", piece), want) << piece;
}

TEST(head_scanner, takes_a_few_empty_lines_before_a_request_line_and_no_more_RFC_9112_2_2) {
  const std::string_view request = "GET / HTTP/1.1\r\n\r\n";
  std::string few;
  for (unsigned i = 0; i < HeadScanner::most_empty_lines; ++i) few += "\r\n";
  EXPECT_EQ(head_fault(few + std::string(request), 1), std::nullopt);
  expect_head_fault(few + "\r\n" + std::string(request), few.size(), 400);
}

TEST(head_scanner, finds_every_octet_that_a_name_or_a_value_cannot_have_RFC_9110_5) {
  const std::string line = "GET / HTTP/1.1\r\n";
  const std::string filler(20, 'a');
  for (unsigned octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    for (std::size_t place = 1; place < filler.size(); ++place) {
      std::string name = filler;
      name[place] = c;
      if (!is_token_char(c) && c != ':')
        expect_head_fault(line + name + ": b\r\n\r\n", line.size() + place, 400);
      else
        EXPECT_EQ(head_fault(line + name + ": b\r\n\r\n", 1'000), std::nullopt) << octet;
      if (is_value_char(c))
        EXPECT_EQ(head_fault(line + "A:" + name + "\r\n\r\n", 1'000), std::nullopt) << octet;
      else if (c != '\r')
        expect_head_fault(line + "A:" + name + "\r\n\r\n", line.size() + 2 + place, 400);
    }
  }
}

TEST(head_scanner, finds_every_fault_of_a_request_line_RFC_9112_3) {
  expect_head_fault(" GET / HTTP/1.1\r\n", 0, 400);
  expect_head_fault("\nGET / HTTP/1.1\r\n", 0, 400);
  expect_head_fault("\rGET / HTTP/1.1\r\n", 1, 400);
  expect_head_fault("G(T / HTTP/1.1\r\n", 1, 400);
  expect_head_fault("GET\t/ HTTP/1.1\r\n", 3, 400);
  expect_head_fault("GET  / HTTP/1.1\r\n", 4, 400);
  expect_head_fault("GET /\x01 HTTP/1.1\r\n", 5, 400);
  expect_head_fault("GET /\xe9 HTTP/1.1\r\n", 5, 400);
  expect_head_fault("GET /\r\n", 5, 400);
  expect_head_fault("GET /  HTTP/1.1\r\n", 6, 400);
  expect_head_fault("GET / http/1.1\r\n", 6, 400);
  expect_head_fault("GET / HTTP/1\r\n", 12, 400);
  expect_head_fault("GET / HTTP/1,1\r\n", 12, 400);
  expect_head_fault("GET / HTTP/x.1\r\n", 11, 400);
  expect_head_fault("GET / HTTP/1.x\r\n", 13, 400);
  expect_head_fault("GET / HTTP/1.10\r\n", 14, 400);
  expect_head_fault("GET / HTTP/1.1 \r\n", 14, 400);
  expect_head_fault("GET / HTTP/2.0\r\n", 14, 505);
  expect_head_fault("GET / HTTP/0.9\r\n", 14, 505);
  expect_head_fault("GET / HTTP/1.1\n", 14, 400);
  expect_head_fault("GET / HTTP/1.1\rX", 15, 400);
  EXPECT_EQ(head_fault("GET / HTTP/1.9\r\nHost: a\r\n\r\n", 1), std::nullopt) << "RFC 9110, 2.5";
}

TEST(head_scanner, holds_the_limits_of_method_and_target) {
  expect_head_fault(std::string(33, 'M'), 32, 501);
  expect_head_fault("GET /" + std::string(100, 'x'), 104, 414);
}

TEST(head_scanner, finds_every_fault_of_a_line_end_and_folded_lines_RFC_9112_2_2) {
  const std::string line = "GET / HTTP/1.1\r\n";
  expect_head_fault(line + "A: b\n\r\n", line.size() + 4, 400);
  expect_head_fault(line + "A: b\rc\r\n", line.size() + 5, 400);
  expect_head_fault(line + "A: b\r\r\n", line.size() + 5, 400);
  expect_head_fault(line + " A: b\r\n", line.size(), 400);
  expect_head_fault(line + "A: b\r\n\tc\r\n", line.size() + 6, 400);
  expect_head_fault(line + "\n", line.size(), 400);
  expect_head_fault(line + "\rX", line.size() + 1, 400);
  expect_head_fault(line + "A\r\n", line.size() + 1, 400);
  expect_head_fault(line + "A\n", line.size() + 1, 400);
  expect_head_fault(line + "A : b\r\n", line.size() + 1, 400);
  expect_head_fault(line + ": b\r\n", line.size(), 400);
}

/// The status with which a chunked body is refused; 0 if it is not.
unsigned chunk_fault(std::string_view body, std::size_t piece) {
  ChunkScanner scanner(100, 1'000);
  for (std::size_t at = 0; at < body.size(); at += piece) {
    for (std::string_view rest = body.substr(at, piece); !rest.empty();) {
      const ChunkScanner::Run run = scanner.next(rest);
      if (failed(run.error)) return run.error.status;
      rest.remove_prefix(run.size);
    }
  }
  return 0;
}
void expect_chunk_fault(std::string_view framing, unsigned status) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, framing.size()})
    EXPECT_EQ(chunk_fault(framing, piece), status) << framing << " in pieces of " << piece;
}

TEST(chunk_scanner, takes_the_grammar_of_RFC_9112_7_1) {
  for (const char* good :
       {"0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "000a\r\n0123456789\r\n00\r\n\r\n",
        "C\r\nhello, world\r\nc\r\nhello, world\r\n0\r\nT: x\r\nU:\r\n\r\n", "1;a\r\nx\r\n0;b=c\r\n\r\n",
        "1;a=\"x;\\\"y\tz \xe9\";b\r\nx\r\n0\r\n\r\n", "1 ;\ta = b ; c\r\nx\r\n0\r\n\r\n"})
    expect_chunk_fault(good, 0);
}

TEST(chunk_scanner, refuses_what_is_not_in_it) {
  for (const char* bad :
       {"\r\n",          " 5\r\n",         "5 \r\n",       "+5\r\n",          "-5\r\n",
        "0x5\r\n",       "g\r\n",          "5,5\r\n",      ";a\r\n",  // size
        "5\n",           "5\r5",           "5;a\n",        "5\r\nhelloX",     "5\r\nhello\n",
        "5\r\nhello\rX",  // ends
        "5;\r\n",        "5;a;\r\n",       "5;=b\r\n",     "5;a=\r\n",        "5;a b\r\n",
        "5;a \r\n",      "5;a=b c\r\n",    "5;a=b \r\n",  // ext
        "5;a=\"b\r\n",   "5;a=\"b\"c\r\n", "5;a=\"\\\r\n", "5;a=\x01\r\n",    "5;a=\"\x7f\"\r\n",
        "5;a==b\r\n",    "0\r\n T: x\r\n", "0\r\nT: x\n",  "0\r\nT: x\r\r\n", "0\r\n\n",
        "0\r\n\rX"})  // trailers
    expect_chunk_fault(bad, 400);
}

TEST(chunk_scanner, tells_framing_extensions_and_data_apart) {
  ChunkScanner scanner(100, 1'000);
  std::string_view body = "5 ;a=b\r\nhello\r\n0;c\r\nT: x\r\n\r\n";
  std::string runs;
  while (!body.empty()) {
    const ChunkScanner::Run run = scanner.next(body);
    ASSERT_GT(run.size, 0U);
    runs += std::to_string(static_cast<int>(run.kind)) + ":" + std::to_string(run.size) + " ";
    body.remove_prefix(run.size);
  }
  EXPECT_EQ(runs, "0:1 1:5 0:2 2:5 0:3 1:2 0:10 ");
}

TEST(chunk_scanner, refuses_a_size_before_its_data_comes_and_never_overflows) {
  expect_chunk_fault("3e8\r\n", 0);
  expect_chunk_fault("3e9", 413);
  expect_chunk_fault("3e7\r\n" + std::string(999, 'x') + "\r\n2", 413);
  expect_chunk_fault("fffffffffffffffffffff", 413);
  expect_chunk_fault("10000000000000001\r\n", 413);
}

TEST(chunk_scanner, bounds_extensions_together_zeros_and_trailers) {
  expect_chunk_fault("1;" + std::string(99, 'x') + "\r\nx\r\n0\r\n\r\n", 0);
  expect_chunk_fault("1;" + std::string(101, 'x'), 431);
  expect_chunk_fault("1;" + std::string(60, 'x') + "\r\nx\r\n1;" + std::string(60, 'x'), 431);
  expect_chunk_fault(std::string(102, '0'), 431);
  expect_chunk_fault("0\r\n" + std::string(101, 'x'), 431);
  expect_chunk_fault("1;" + std::string(60, 'x') + "\r\nx\r\n0\r\n" + std::string(60, 'x') + ":\r\n\r\n", 0);
}

}  // namespace
}  // namespace antiphon::http
