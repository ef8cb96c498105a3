#include "http_diff.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>
#include <utility>

#include "http_case.hpp"

namespace antiphon::http_conformance {

namespace {

/// Choices that are the same everywhere: the standard's distributions are not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <std::size_t Size>
  std::string_view pick(const std::array<std::string_view, Size>& from) {
    return from[below(Size)];
  }

 private:
  std::mt19937_64 engine_;
};

// Weighted by repetition: mostly what is usual, so that the unusual meets something that works.
constexpr std::array<std::string_view, 14> methods{"GET",   "GET",  "GET", "POST",   "POST",
                                                   "POST",  "HEAD", "PUT", "DELETE", "OPTIONS",
                                                   "TRACE", "BREW", "get", "CONNECT"};
constexpr std::array<std::string_view, 18> targets{
    "/",        "/", "/echo",     "/echo",     "/echo", "/headers", "/stream/3",   "/bytes/40",    "/delay/0",
    "/nothing", "*", "/?a=b%20c", "http://a/", "a:443", "/%2e%7a",  "/bytes/none", "http://b?x#y", "/a/../b"};
constexpr std::array<std::string_view, 10> versions{"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1",
                                                    "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2",
                                                    "HTTP/2.0", "http/1.1"};
constexpr std::array<std::string_view, 24> fields{"Accept: */*\r\n",
                                                  "X-A: 1\r\n",
                                                  "X-A: 2\r\nx-a: \t3 \t\r\n",
                                                  "Connection: close\r\n",
                                                  "Connection: keep-alive\r\n",
                                                  "Connection: keep-alive, close\r\n",
                                                  "Connection: upgrade\r\nUpgrade: h2c\r\n",
                                                  "Expect: 100-continue\r\n",
                                                  "Expect: tea\r\n",
                                                  "Host: b\r\n",
                                                  "X-Empty:\r\n",
                                                  "Content-Type: text/plain\r\n",
                                                  "Transfer-Encoding: chunked\r\n",
                                                  "Transfer-Encoding: gzip, chunked\r\n",
                                                  "Content-Length: 3\r\n",
                                                  "Content-Length: 0\r\n",
                                                  "Content-Length: +1\r\n",
                                                  "X-Fold: a\r\n b\r\n",
                                                  "X-Space : a\r\n",
                                                  "X-Octets: \xe9\x80\r\n",
                                                  "X-Bare: a\nb\r\n",
                                                  "TE: trailers\r\n",
                                                  "Trailer: X-T\r\n",
                                                  "X Y: z\r\n"};
constexpr std::array<std::string_view, 8> chunk_lines{
    "5\r\nhello\r\n",           "1\r\nx\r\n",       "a;n=v\r\n0123456789\r\n", "5\r\nhello\r\n",
    "5;q=\"a;b\"\r\nhello\r\n", "00003\r\nabc\r\n", "5 \r\nhello\r\n",         "zz\r\nhello\r\n"};
constexpr std::array<std::string_view, 6> chunk_ends{
    "0\r\n\r\n", "0\r\n\r\n", "0\r\nX-T: 1\r\n\r\n", "0;e\r\n\r\n", "0\r\nX T: 1\r\n\r\n", "0\r\n"};

void put_request(Dice& dice, std::string& out) {
  if (dice.one_in(20)) out += "\r\n";
  (((((out += dice.pick(methods)) += ' ') += dice.pick(targets)) += ' ') += dice.pick(versions)) += "\r\n";
  if (!dice.one_in(30)) out += "Host: a\r\n";
  for (std::size_t left = dice.below(4); left > 0; --left) out += dice.pick(fields);
  switch (dice.below(4)) {
    case 0: {
      const std::size_t size = dice.one_in(10) ? 300 + dice.below(3'000) : dice.below(40);
      out += "Content-Length: " + std::to_string(size) + "\r\n\r\n";
      for (std::size_t i = 0; i < size; ++i) out += static_cast<char>('a' + i % 26);
      break;
    }
    case 1:
      out += "Transfer-Encoding: chunked\r\n\r\n";
      for (std::size_t left = dice.below(4); left > 0; --left) out += dice.pick(chunk_lines);
      out += dice.pick(chunk_ends);
      break;
    default:
      out += "\r\n";
  }
}

void mutate(Dice& dice, std::string& octets) {
  constexpr std::string_view special("\r\n\0 \t:;,\"%#/x0\x7f\x80", 16);
  const std::size_t at = dice.below(octets.size());
  const char c = dice.one_in(3) ? static_cast<char>(dice.below(256)) : special[dice.below(special.size())];
  switch (dice.below(4)) {
    case 0:
      octets[at] = c;
      break;
    case 1:
      octets.insert(at, 1, c);
      break;
    case 2:
      octets.erase(at, 1 + dice.below(3));
      break;
    default:
      octets.insert(at, octets.substr(dice.below(octets.size()), 1 + dice.below(8)));
  }
}

/// All that a server answers, without what may differ.
std::string answers(const Address& server, const Pieces& pieces) {
  HttpClient client(server);
  for (const std::string& piece : pieces) client.send(piece);
  client.half_close();
  std::string text = client.read_to_end();
  constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  for (std::size_t at; (at = text.find(interim)) != std::string::npos;) text.erase(at, interim.size());
  constexpr std::string_view date = "\r\nDate: ";
  constexpr std::size_t date_size = 29;
  for (std::size_t at = text.find(date); at != std::string::npos; at = text.find(date, at + 1))
    if (at + date.size() + date_size <= text.size()) text.replace(at + date.size(), date_size, "(now)");
  return text;
}

class Comparison {
 public:
  Comparison(const Address& first, const Address& second) : first_(first), second_(second) {}

  /// True if they differ; what they answered is kept.
  bool differ(const Pieces& pieces) {
    std::string one = answers(first_, pieces);
    std::string two = answers(second_, pieces);
    if (one == two) return false;
    one_ = std::move(one);
    two_ = std::move(two);
    return true;
  }

  /// Takes away what is not needed for the difference.
  Difference shrink(Pieces pieces, std::uint64_t number) {
    std::string whole;
    for (const std::string& piece : pieces) whole += piece;
    if (differ({whole})) pieces = {whole};
    for (std::size_t cut = 1'024; cut > 0; cut /= 2) {
      for (std::size_t of = 0; of < pieces.size(); ++of) {
        for (std::size_t at = 0; at < pieces[of].size();) {
          Pieces fewer = pieces;
          fewer[of].erase(at, cut);
          if (differ(fewer))
            pieces = std::move(fewer);
          else
            at += cut;
        }
      }
    }
    std::erase_if(pieces, [](const std::string& piece) { return piece.empty(); });
    differ(pieces);
    return {number, std::move(pieces), one_, two_};
  }

 private:
  Address first_;
  Address second_;
  std::string one_;
  std::string two_;
};

}  // namespace

Pieces make_stream(std::uint64_t seed, std::uint64_t number) {
  Dice dice(seed * 1'000'003 + number);
  std::string octets;
  for (std::size_t left = 1 + dice.below(4); left > 0; --left) put_request(dice, octets);
  if (dice.one_in(2))
    for (std::size_t left = 1 + dice.below(3); left > 0 && !octets.empty(); --left) mutate(dice, octets);
  if (dice.one_in(10)) octets.resize(dice.below(octets.size() + 1));

  // One piece, octet by octet, or anything between.
  const std::size_t most = dice.one_in(3) ? octets.size() + 1 : dice.one_in(8) ? 1 : 1 + dice.below(60);
  Pieces pieces;
  for (std::size_t at = 0; at < octets.size();) {
    const std::size_t size = most > octets.size() ? octets.size() : 1 + dice.below(most);
    pieces.push_back(octets.substr(at, size));
    at += size;
  }
  return pieces;
}

std::optional<Difference> compare_servers(const Address& first, const Address& second, std::uint64_t count,
                                          std::uint64_t seed,
                                          const std::function<void(std::uint64_t)>& progress) {
  constexpr std::uint64_t now_and_then = 10'000;
  Comparison comparison(first, second);
  for (std::uint64_t number = 0; number < count; ++number) {
    const Pieces pieces = make_stream(seed, number);
    if (comparison.differ(pieces)) return comparison.shrink(pieces, number);
    if (progress && (number + 1) % now_and_then == 0) progress(number + 1);
  }
  return std::nullopt;
}

std::string to_case(const Difference& difference) {
  const auto comment = [](const char* who, const std::string& text) {
    return std::string("# ") + who + ": " + escape(text) + "\n";
  };
  std::string text = comment("first", difference.first) + comment("second", difference.second) + "[stream_" +
                     std::to_string(difference.stream) + "_is_answered_alike] 9112\n";
  for (std::size_t i = 0; i < difference.pieces.size(); ++i)
    text += (i == 0 ? "> " : "--\n> ") + escape(difference.pieces[i]) + "\n";
  return text + "eof\n";
}

}  // namespace antiphon::http_conformance
