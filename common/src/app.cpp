#include "antiphon/app.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace antiphon {

namespace {

using http::Body;
using http::Exchange;
using http::Field;
using http::Request;

constexpr Field plain_text{"Content-Type", "text/plain; charset=utf-8"};
constexpr Field octet_stream{"Content-Type", "application/octet-stream"};

/// The number that a path segment is; none if it is anything else or above `most`.
std::optional<std::uint64_t> number(std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

void refuse(Exchange& exchange, std::string_view what, std::uint64_t most) {
  exchange.respond(400, plain_text.value,
                   std::string(what) + " must be a number from 0 to " + std::to_string(most) + "\n");
}

void hello(const Request&, Exchange& exchange) {
  const std::array fields{plain_text};
  exchange.respond(http::ResponseView{200, fields, "hello, world\n"});
}

/// The body back while it comes: what the client does not take stops what it may send. The beginning waits
/// until it is all there is or no longer small, so that a body that turns out to be malformed has not been
/// answered with 200 already.
void echo(const Request& request, Exchange& exchange) {
  constexpr std::size_t small = 16 * 1024;
  struct Beginning {
    std::string octets;
    bool over = false;
  };
  exchange.on_writable([&exchange] { exchange.resume_body(); });
  exchange.on_body([&request, &exchange, begun = std::make_shared<Beginning>()](
                       std::span<const std::byte> piece, bool last) {
    const std::array fields{
        Field{"Content-Type", request.headers().get("Content-Type").value_or(octet_stream.value)}};
    if (!begun->over) {
      begun->octets.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      if (last) return exchange.respond(http::ResponseView{200, fields, begun->octets});
      if (begun->octets.size() <= small) return;
      begun->over = true;
      exchange.start(200, fields, request.content_length());
      exchange.write(begun->octets);
      begun->octets = {};
    } else {
      exchange.write(piece);
    }
    if (last) {
      exchange.finish();
    } else if (!exchange.writable()) {
      exchange.pause_body();
    }
  });
}

void stream_chunks(Exchange& exchange, std::uint64_t next, std::uint64_t count) {
  while (next < count && exchange.writable()) {
    std::array<char, 32> line{};
    constexpr std::string_view word = "chunk ";
    word.copy(line.data(), word.size());
    char* end = std::to_chars(line.data() + word.size(), line.data() + line.size(), next).ptr;
    *end++ = '\n';
    exchange.write(std::string_view(line.data(), end));
    ++next;
  }
  if (next == count) {
    exchange.finish();
  } else {
    exchange.on_writable([&exchange, next, count] { stream_chunks(exchange, next, count); });
  }
}

void stream(const Request& request, Exchange& exchange) {
  constexpr std::uint64_t most = 1'000'000'000;
  const auto count = number(request.param("n"), most);
  if (!count) return refuse(exchange, "the number of chunks", most);
  const std::array fields{plain_text};
  exchange.start(200, fields, std::nullopt);
  if (request.method() == "HEAD") return exchange.finish();
  stream_chunks(exchange, 0, *count);
}

constexpr std::size_t period = 251;              // a prime: a lost or doubled piece shows
constexpr std::size_t piece_size = 64 * period;  // whole periods, so that one block serves for any piece

const std::array<std::byte, period + piece_size>& pattern() {
  static const auto block = [] {
    std::array<std::byte, period + piece_size> octets{};
    for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<std::byte>(i % period);
    return octets;
  }();
  return block;
}

void produce(Exchange& exchange, std::uint64_t sent, std::uint64_t size) {
  while (sent < size && exchange.writable()) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, size - sent));
    exchange.write(std::span(pattern()).subspan(static_cast<std::size_t>(sent % period), length));
    sent += length;
  }
  if (sent == size) {
    exchange.finish();
  } else {
    exchange.on_writable([&exchange, sent, size] { produce(exchange, sent, size); });
  }
}

void bytes(const Request& request, Exchange& exchange) {
  constexpr std::uint64_t most = std::uint64_t{1} << 50;
  const auto size = number(request.param("n"), most);
  if (!size) return refuse(exchange, "the number of octets", most);
  const std::array fields{octet_stream};
  exchange.start(200, fields, *size);
  if (request.method() == "HEAD") return exchange.finish();
  produce(exchange, 0, *size);
}

void delay(const Request& request, Exchange& exchange) {
  constexpr std::uint64_t most = 60'000;
  const auto milliseconds = number(request.param("ms"), most);
  if (!milliseconds) return refuse(exchange, "the delay in milliseconds", most);
  exchange.after(std::chrono::milliseconds(*milliseconds), [&exchange] {
    const std::array fields{plain_text};
    exchange.respond(http::ResponseView{200, fields, "waited\n"});
  });
}

/// Field values may hold octets 128 to 255 of no known encoding (RFC 9110, 5.5): each is told as that code
/// point.
void put_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (octet < 0x20 || octet >= 0x7f) {
      ((out += "\\u00") += hex[octet >> 4U]) += hex[octet & 0xfU];
    } else {
      out += c;
    }
  }
  out += '"';
}

void headers(const Request& request, Exchange& exchange) {
  std::string json = "[";
  for (const Field field : request.headers()) {
    if (json.size() > 1) json += ", ";
    json += '[';
    put_json_string(field.name, json);
    json += ", ";
    put_json_string(field.value, json);
    json += ']';
  }
  json += "]\n";
  exchange.respond(200, "application/json", json);
}

}  // namespace

const http::Router& app() {
  static const http::Router router = [] {
    http::Router routes;
    routes.add("GET", "/", hello)
        .add("POST", "/echo", echo, {.body = Body::streamed})
        .add("GET", "/stream/{n}", stream)
        .add("GET", "/bytes/{n}", bytes)
        .add("GET", "/delay/{ms}", delay)
        .add("GET", "/headers", headers);
    return routes;
  }();
  return router;
}

}  // namespace antiphon
