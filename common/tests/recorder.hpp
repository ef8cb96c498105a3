#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "antiphon/http/parser.hpp"

namespace antiphon::http {

inline std::string_view text_of(std::span<const std::byte> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}
inline std::span<const std::byte> octets_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Writes down what the parser tells, body pieces of one message joined.
class Recorder : public RequestParserListener {
 public:
  void on_url(std::string_view target) override { log.push_back("url " + std::string(target)); }
  void on_header(std::string_view name, std::string_view value) override {
    log.push_back("field " + std::string(name) + "=" + std::string(value));
  }
  void on_headers_complete(const MessageHead& head) override {
    log.push_back("head " + std::string(head.method) + " " + std::to_string(head.version_major) + "." +
                  std::to_string(head.version_minor) + (head.keep_alive ? " keep" : " close") + " " +
                  (head.content_length ? std::to_string(*head.content_length) : "chunked") +
                  (head.expects_continue ? " continue" : ""));
    body.clear();
  }
  void on_body(std::span<const std::byte> octets) override {
    ++pieces;
    body += text_of(octets);
  }
  void on_message_complete() override { log.push_back("complete " + body); }

  virtual ~Recorder() = default;

  std::vector<std::string> log;
  std::string body;
  int pieces = 0;
};

/// Feeds all of `stream` in pieces of the given sizes (the last one repeated), message after message; the
/// outcome is the log, with the error as its last line if there is one.
template <typename Sizes>
std::vector<std::string> outcome(std::string_view stream, const Sizes& sizes,
                                 const ParserLimits& limits = {}) {
  Recorder recorder;
  RequestParser parser(recorder, limits);
  auto size = std::begin(sizes);
  while (!stream.empty()) {
    std::size_t want = 1;
    if (size != std::end(sizes)) want = static_cast<std::size_t>(*size++);
    // A copy of its own, so that a view kept too long is found by the sanitizer.
    std::string piece(stream.substr(0, want));
    stream.remove_prefix(piece.size());
    std::string_view rest = piece;
    while (!rest.empty()) {
      const ParseResult result = parser.feed(octets_of(rest));
      if (result.status == ParseStatus::malformed) {
        recorder.log.push_back("error " + std::to_string(result.error.status));
        return recorder.log;
      }
      rest.remove_prefix(result.consumed);
    }
  }
  if (parser.finish().status == ParseStatus::malformed) {
    recorder.log.push_back("ends early, body " + recorder.body);
  }
  return recorder.log;
}

}  // namespace antiphon::http
