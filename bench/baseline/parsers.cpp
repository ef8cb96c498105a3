#include "parsers.hpp"

#include "server.hpp"

namespace antiphon::bench {

StylesParser::StylesParser(Answers& answers) : answers_(answers), parser_(*this, {.body = largest_body}) {}

bool StylesParser::feed(std::string_view octets) {
  while (!octets.empty() && !answers_.closing()) {
    const http::ParseResult result = parser_.feed(std::as_bytes(std::span(octets)));
    if (result.status == http::ParseStatus::malformed) return false;
    octets.remove_prefix(result.consumed);
  }
  return true;
}

void StylesParser::on_headers_complete(const http::MessageHead& head) {
  post_ = head.method == "POST";
  keep_alive_ = head.keep_alive;
}

namespace {

Answers& answers_of(llhttp_t* parser) {
  return *static_cast<Answers*>(parser->data);
}

}  // namespace

const llhttp_settings_t& LlhttpAlone::settings() {
  static const llhttp_settings_t made = [] {
    llhttp_settings_t calls;
    llhttp_settings_init(&calls);
    calls.on_url = [](llhttp_t* parser, const char* at, std::size_t size) {
      answers_of(parser).target({at, size});
      return 0;
    };
    calls.on_body = [](llhttp_t* parser, const char*, std::size_t size) {
      answers_of(parser).body(size);
      return 0;
    };
    calls.on_message_complete = [](llhttp_t* parser) {
      answers_of(parser).complete(parser->method == HTTP_POST, llhttp_should_keep_alive(parser) != 0);
      return 0;
    };
    return calls;
  }();
  return made;
}

LlhttpAlone::LlhttpAlone(Answers& answers) {
  llhttp_init(&parser_, HTTP_REQUEST, &settings());
  parser_.data = &answers;
}

}  // namespace antiphon::bench
