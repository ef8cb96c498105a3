#pragma once

#include <llhttp.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "answers.hpp"
#include "antiphon/http/parser.hpp"

namespace antiphon::bench {

/// The parser of both styles: llhttp and what RFC 9112 wants beyond it. A bare server with it does the same
/// parsing as a style on the same library; what is told of a request beside target, length of the body and
/// end is dropped.
class StylesParser final : private http::RequestParserListener {
 public:
  explicit StylesParser(Answers& answers);
  /// False if it is not HTTP.
  bool feed(std::string_view octets);

 private:
  void on_url(std::string_view target) override { answers_.target(target); }
  void on_header(std::string_view, std::string_view) override {}
  void on_headers_complete(const http::MessageHead& head) override;
  void on_body(std::span<const std::byte> octets) override { answers_.body(octets.size()); }
  void on_message_complete() override { answers_.complete(post_, keep_alive_); }

  Answers& answers_;
  bool post_ = false;
  bool keep_alive_ = true;
  http::RequestParser parser_;
};

/// llhttp by itself, which lets much pass that RFC 9112 forbids: what strictness costs is the difference.
class LlhttpAlone {
 public:
  explicit LlhttpAlone(Answers& answers);
  bool feed(std::string_view octets) {
    return llhttp_execute(&parser_, octets.data(), octets.size()) == HPE_OK;
  }

 private:
  static const llhttp_settings_t& settings();

  llhttp_t parser_{};
};

}  // namespace antiphon::bench
