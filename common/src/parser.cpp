#include "antiphon/http/parser.hpp"

#include <llhttp.h>

#include <algorithm>
#include <memory>
#include <new>

#include "antiphon/http/headers.hpp"
#include "chunk_scanner.hpp"
#include "field_rules.hpp"
#include "head_scanner.hpp"
#include "refusals.hpp"
#include "target_rules.hpp"
#include "text_rules.hpp"
#include "token.hpp"

namespace antiphon::http {

namespace {

constexpr ParseError head_too_large{431, "the request's head is too large"};
constexpr ParseError too_many_fields{431, "too many header fields"};
constexpr ParseError target_too_long{414, "the request target is too long"};
constexpr ParseError malformed_request{400, "malformed request"};

}  // namespace

struct RequestParser::Impl {
  enum class Stage { head, body, complete, failed };

  Impl(RequestParserListener& to, const ParserLimits& at_most)
      : listener(&to), limits(at_most), lines(at_most.target), chunks(at_most.head, at_most.body) {
    begin();
  }

  RequestParserListener* listener;
  ParserLimits limits;
  llhttp_t llhttp{};
  HeadScanner lines;
  ChunkScanner chunks;
  std::string line;         ///< of the head, if it lies in several feeds: what came so far
  std::string_view target;  ///< of a request line that llhttp has just read
  Token name;
  Token value;
  FramingRules framing;
  ParseError error;
  std::size_t head_size = 0;
  std::uint64_t body_size = 0;
  std::size_t field_count = 0;
  Stage stage = Stage::head;
  bool pausing = false;
  bool chunked = false;
  bool told = false;  ///< of the field whose end llhttp has yet to see: its line is whole, so it was told

  void begin() noexcept {
    llhttp = fresh_llhttp();
    llhttp.data = this;
    lines.reset();
    if (chunked) chunks.reset();
    name.clear();
    value.clear();
    line.clear();
    framing = {};
    error = {};
    head_size = 0;
    body_size = 0;
    field_count = 0;
    stage = Stage::head;
    pausing = false;
    chunked = false;
    told = false;
  }

  static const llhttp_t& fresh_llhttp() noexcept;
  static llhttp_settings_t make_settings() noexcept;
  static Impl& of(llhttp_t* parser) noexcept { return *static_cast<Impl*>(parser->data); }

  int fail(ParseError why) noexcept {
    if (stage != Stage::failed) error = why;
    stage = Stage::failed;
    return HPE_USER;
  }

  int on_field();
  void tell_field(std::string_view field_name, std::string_view text);
  int on_headers_complete();
  int on_body(std::string_view octets);

  ParseResult feed(std::string_view octets);
  ParseResult feed_body(std::string_view octets, std::size_t before);
  HeadScanner::Found read_lines(std::string_view& octets);
  HeadScanner::Found continue_line(std::string_view& octets);
  bool take_request_line();
  bool take_fields();
  bool take_lines(std::string_view octets);
  bool take_framing_field(const Field& field);
  void forget_told() noexcept;
  bool take_end();
  bool execute(std::string_view octets);

  [[nodiscard]] ParseResult failure(std::size_t consumed) noexcept {
    stage = Stage::failed;
    return {ParseStatus::malformed, consumed, error};
  }
};

/// To be copied: llhttp's own way to begin anew is four times as long.
const llhttp_t& RequestParser::Impl::fresh_llhttp() noexcept {
  static const llhttp_settings_t settings = make_settings();
  static const llhttp_t fresh = [] {
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.lenient_flags = LENIENT_VERSION;  // HeadScanner sees to it, and takes HTTP/1.2 (RFC 9110, 2.5)
    return parser;
  }();
  return fresh;
}

llhttp_settings_t RequestParser::Impl::make_settings() noexcept {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {  // whole, as its line is
    of(parser).target = {at, length};
    return 0;
  };
  settings.on_header_field = [](llhttp_t* parser, const char* at, std::size_t length) {
    of(parser).name.add({at, length});
    return 0;
  };
  settings.on_header_value = [](llhttp_t* parser, const char* at, std::size_t length) {
    of(parser).value.add({at, length});
    return 0;
  };
  settings.on_header_value_complete = [](llhttp_t* parser) { return of(parser).on_field(); };
  settings.on_headers_complete = [](llhttp_t* parser) { return of(parser).on_headers_complete(); };
  settings.on_body = [](llhttp_t* parser, const char* at, std::size_t length) {
    return of(parser).on_body({at, length});
  };
  // Stops llhttp, so that nothing of the next message is read before this one is answered for (trap T2).
  settings.on_message_complete = [](llhttp_t* parser) {
    of(parser).stage = Stage::complete;
    return static_cast<int>(HPE_PAUSED);
  };
  return settings;
}

/// llhttp tells it at the first octet of the next line. Of trailers nothing is told: nobody may mistake one
/// for a header (RFC 9110, 6.5.1).
int RequestParser::Impl::on_field() {
  if (!told) {
    const std::string_view text = trim_white_space(value.text());
    if (stage == Stage::head) {
      tell_field(name.text(), text);
    } else if (++field_count > limits.fields) {
      fail(too_many_fields);
    } else if (const ParseError why = check_field(name.text(), text); failed(why)) {
      fail(why);
    }
  }
  told = false;
  name.clear();
  value.clear();
  return stage == Stage::failed ? int{HPE_USER} : 0;
}

int RequestParser::Impl::on_headers_complete() {
  MessageHead head;
  head.method = llhttp_method_name(static_cast<llhttp_method_t>(llhttp.method));
  head.version_major = llhttp.http_major;
  head.version_minor = llhttp.http_minor;
  if (const ParseError why = framing.complete(head, limits.body); failed(why)) return fail(why);
  llhttp.upgrade = 0;  // an offer of another protocol is declined by answering in this one (RFC 9110, 7.8)
  stage = Stage::body;
  chunked = !head.content_length;
  field_count = 0;  // of the trailers
  listener->on_headers_complete(head);
  if (stage == Stage::failed) return HPE_USER;
  return pausing ? HPE_PAUSED : 0;
}

int RequestParser::Impl::on_body(std::string_view octets) {
  body_size += octets.size();
  if (body_size > limits.body) return fail({413, "the request's body is too large"});
  listener->on_body(std::as_bytes(std::span(octets)));
  if (stage == Stage::failed) return HPE_USER;
  return pausing ? HPE_PAUSED : 0;
}

/// False if that ended the feeding: with an error, a pause, or the end of the message.
bool RequestParser::Impl::execute(std::string_view octets) {
  const llhttp_errno_t status = llhttp_execute(&llhttp, octets.data(), octets.size());
  if (status != HPE_OK && status != HPE_PAUSED && stage != Stage::failed) {
    error = refusal_of(llhttp);
    stage = Stage::failed;
  }
  return status == HPE_OK;
}

bool RequestParser::Impl::take_request_line() {
  if (!execute(lines.line())) return false;
  const auto method = static_cast<llhttp_method_t>(llhttp.method);
  const bool usual = method != HTTP_CONNECT && is_plain_path(target);
  if (const ParseError why = usual ? ParseError{} : check_target(target, llhttp_method_name(method));
      failed(why))
    fail(why);
  else
    listener->on_url(target);
  return stage != Stage::failed;
}

void RequestParser::Impl::tell_field(std::string_view field_name, std::string_view text) {
  if (++field_count > limits.fields) {
    fail(too_many_fields);
  } else if (const ParseError why = framing.field(field_name, text); failed(why)) {
    fail(why);
  } else {
    listener->on_header(field_name, text);
  }
}

/// llhttp reads the lines as they came, but for fields that frame the message.
bool RequestParser::Impl::take_fields() {
  std::string_view rest = lines.field_lines();
  for (const Field& field : lines.fields()) {
    if (!FramingRules::frames(field.name)) continue;
    const auto before = static_cast<std::size_t>(field.name.data() - rest.data());
    if (!take_lines(rest.substr(0, before)) || !take_framing_field(field)) return false;
    rest.remove_prefix(rest.find('\n', before) + 1);
  }
  return take_lines(rest);
}

bool RequestParser::Impl::take_lines(std::string_view octets) {
  if (octets.empty()) return true;
  if (!execute(octets)) return false;
  tell_field(name.text(), trim_white_space(value.text()));
  forget_told();
  return stage != Stage::failed;
}

bool RequestParser::Impl::take_framing_field(const Field& field) {
  tell_field(field.name, field.value);
  if (stage == Stage::failed) return false;
  const Field& heard = framing.heard();
  if (heard.name.empty()) return true;
  for (const std::string_view piece :
       {heard.name, std::string_view(": "), heard.value, std::string_view("\r\n")})
    if (!execute(piece)) return false;
  forget_told();
  return true;
}

void RequestParser::Impl::forget_told() noexcept {
  told = true;
  name.clear();
  value.clear();
}

/// The empty line. llhttp then tells that the headers are complete, and a message without a body is complete,
/// too.
bool RequestParser::Impl::take_end() {
  execute("\r\n");
  if (stage == Stage::head) fail(malformed_request);  // llhttp sees no end here: trust neither
  return stage != Stage::failed;
}

/// Takes whole lines off the front: `end` if the head ended with one of them, `more` if at most a part of a
/// line is left, `bad` if the parser failed.
HeadScanner::Found RequestParser::Impl::read_lines(std::string_view& octets) {
  using Found = HeadScanner::Found;
  std::string_view rest = octets;
  while (true) {
    const Found found = lines.next(rest);
    if (!lines.fields().empty() && !take_fields()) return Found::bad;
    bool taken = true;
    switch (found) {
      case Found::fields:
      case Found::more:
        break;
      case Found::request_line:
        taken = take_request_line();
        break;
      case Found::end:
        taken = take_end();
        break;
      case Found::bad:
        fail(lines.error());
        taken = false;
        break;
    }
    if (!taken) return Found::bad;
    rest.remove_prefix(lines.size());
    if (found == Found::more || found == Found::end) {
      octets = rest;
      return found;
    }
  }
}

/// The rest of a line that began in an earlier feed.
HeadScanner::Found RequestParser::Impl::continue_line(std::string_view& octets) {
  const std::size_t end = std::min(octets.find('\n'), octets.size() - 1) + 1;
  line.append(octets.substr(0, end));
  octets.remove_prefix(end);
  std::string_view rest = line;
  const HeadScanner::Found found = read_lines(rest);
  if (rest.empty()) line.clear();
  return found;
}

ParseResult RequestParser::Impl::feed(std::string_view octets) {
  using Found = HeadScanner::Found;
  if (stage == Stage::failed) return {ParseStatus::malformed, 0, error};
  if (stage == Stage::complete) begin();
  if (stage == Stage::body) return feed_body(octets, 0);
  if (octets.empty()) return {};

  const std::string_view within = octets.substr(0, limits.head - head_size);
  std::string_view rest = within;
  Found found = Found::more;
  if (!line.empty()) found = continue_line(rest);
  if (found == Found::more && line.empty()) found = read_lines(rest);
  if (found == Found::bad) return failure(0);
  if (found == Found::end) {
    const std::size_t size = within.size() - rest.size();
    return feed_body(octets.substr(size), size);
  }
  head_size += within.size();
  if (within.size() < octets.size() || head_size == limits.head) {
    error = lines.past_request_line() ? head_too_large : target_too_long;
    return failure(0);
  }
  line.append(rest);
  return {ParseStatus::need_more, octets.size(), {}};
}

ParseResult RequestParser::Impl::feed_body(std::string_view octets, std::size_t before) {
  if (stage == Stage::body && pausing) return {ParseStatus::paused, before, {}};
  std::size_t size = 0;  // of what was taken; nothing if the message was complete with its head
  if (stage == Stage::body) {
    if (llhttp_get_errno(&llhttp) == HPE_PAUSED) llhttp_resume(&llhttp);
    if (!chunked) {
      size = octets.size();
      if (!execute(octets) && stage != Stage::failed)
        size = static_cast<std::size_t>(llhttp_get_error_pos(&llhttp) - octets.data());
    } else {
      // Each octet that is in order goes to llhttp before one that is not is told: see feed.
      for (bool on = true; on && stage == Stage::body && size < octets.size();) {
        const ChunkScanner::Run run = chunks.next(octets.substr(size));
        if (run.kind != ChunkScanner::Kind::extension) on = execute(octets.substr(size, run.size));
        size += run.size;
        if (failed(run.error) && stage == Stage::body) fail(run.error);
      }
    }
    if (stage == Stage::failed) return failure(before);
  }
  name.keep();
  value.keep();
  if (stage == Stage::complete) {
    listener->on_message_complete();
    if (stage == Stage::failed) return failure(before + size);
    return {ParseStatus::message_complete, before + size, {}};
  }
  if (pausing) return {ParseStatus::paused, before + size, {}};
  return {ParseStatus::need_more, before + size, {}};
}

RequestParser::Impl& RequestParser::impl() noexcept {
  return *std::launder(reinterpret_cast<Impl*>(storage_.data()));
}
const RequestParser::Impl& RequestParser::impl() const noexcept {
  return *std::launder(reinterpret_cast<const Impl*>(storage_.data()));
}

// The storage is not set to zero first: Impl sets what it has.
RequestParser::RequestParser(RequestParserListener& listener, const ParserLimits& limits) {
  static_assert(sizeof(Impl) <= sizeof(storage_) && alignof(Impl) <= 8);
  std::construct_at(reinterpret_cast<Impl*>(storage_.data()), listener, limits);
}
RequestParser::~RequestParser() {
  std::destroy_at(&impl());
}

ParseResult RequestParser::feed(std::span<const std::byte> octets) {
  return impl().feed({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

ParseResult RequestParser::finish() {
  Impl& self = impl();
  if (self.stage == Impl::Stage::failed) return {ParseStatus::malformed, 0, self.error};
  if (!in_message()) return {ParseStatus::need_more, 0, {}};
  self.error = {400, "the request ends before it is complete"};
  return self.failure(0);
}

void RequestParser::pause() noexcept {
  impl().pausing = true;
}
void RequestParser::resume() noexcept {
  impl().pausing = false;
}
void RequestParser::stop(ParseError error) noexcept {
  impl().fail(error);
}
void RequestParser::reset() noexcept {
  impl().begin();
}
void RequestParser::reset(RequestParserListener& listener) noexcept {
  impl().listener = &listener;
  impl().begin();
}
bool RequestParser::in_message() const noexcept {
  const Impl& self = impl();
  return self.stage == Impl::Stage::body || (self.stage == Impl::Stage::head && self.lines.begun());
}
bool RequestParser::is_head() const noexcept {
  return impl().lines.is_head();
}

}  // namespace antiphon::http
