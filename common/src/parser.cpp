#include "antiphon/http/parser.hpp"

#include <llhttp.h>

#include <algorithm>
#include <memory>
#include <new>

#include "antiphon/http/headers.hpp"
#include "chunk_scanner.hpp"
#include "field_rules.hpp"
#include "head_scanner.hpp"
#include "target_rules.hpp"

namespace antiphon::http {

namespace {

/// A token that llhttp tells in pieces: a view while it lies in one buffer, a copy once it does not.
class Token {
 public:
  void add(std::string_view piece) {
    if (!spill_.empty()) {
      spill_.append(piece);
    } else if (view_.empty()) {
      view_ = piece;
    } else if (view_.data() + view_.size() == piece.data()) {
      view_ = {view_.data(), view_.size() + piece.size()};
    } else {
      keep();
      spill_.append(piece);
    }
  }
  /// The buffer that the view points into is about to go.
  void keep() {
    spill_.append(view_);
    view_ = {};
  }
  [[nodiscard]] std::string_view text() const noexcept {
    return spill_.empty() ? view_ : std::string_view(spill_);
  }
  void clear() noexcept {
    view_ = {};
    spill_.clear();
  }

 private:
  std::string_view view_;
  std::string spill_;
};

constexpr ParseError head_too_large{431, "the request's head is too large"};
constexpr ParseError unknown_method{501, "unknown method"};
constexpr ParseError other_version{505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};

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
  Token url;
  Token name;
  Token value;
  FramingRules framing;
  ParseError error;
  std::string blanks;  ///< the end of a head's octets so far, which may be the end of a line
  std::size_t head_size = 0;
  std::uint64_t body_size = 0;
  std::size_t field_count = 0;
  Stage stage = Stage::head;
  bool pausing = false;
  bool chunked = false;
  bool method_is_unknown = false;  ///< to llhttp, which then gets no more of the message

  void begin() noexcept {
    static const llhttp_settings_t settings = make_settings();
    llhttp_init(&llhttp, HTTP_REQUEST, &settings);
    llhttp.data = this;
    llhttp.lenient_flags = LENIENT_VERSION;  // HeadScanner sees to it, and takes HTTP/1.2 (RFC 9110, 2.5)
    lines.reset();
    chunks.reset();
    url.clear();
    name.clear();
    value.clear();
    framing = {};
    error = {};
    head_size = 0;
    body_size = 0;
    field_count = 0;
    stage = Stage::head;
    pausing = false;
    chunked = false;
    blanks.clear();
    method_is_unknown = false;
  }

  static llhttp_settings_t make_settings() noexcept;
  static Impl& of(llhttp_t* parser) noexcept { return *static_cast<Impl*>(parser->data); }

  int fail(ParseError why) noexcept {
    if (stage != Stage::failed) error = why;
    stage = Stage::failed;
    return HPE_USER;
  }

  int on_headers_complete();
  int on_header();
  int on_body(std::string_view octets);

  ParseResult feed(std::string_view octets);
  ParseResult feed_body(std::string_view octets, std::size_t before);
  llhttp_errno_t execute_head(std::string_view octets);
  bool execute_body(std::string_view octets);
  [[nodiscard]] ParseError explain() const noexcept;

  [[nodiscard]] ParseResult failure(std::size_t consumed) noexcept {
    stage = Stage::failed;
    return {ParseStatus::malformed, consumed, error};
  }
};

llhttp_settings_t RequestParser::Impl::make_settings() noexcept {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {
    of(parser).url.add({at, length});
    return 0;
  };
  settings.on_url_complete = [](llhttp_t* parser) {
    Impl& self = of(parser);
    const auto method = static_cast<llhttp_method_t>(parser->method);
    if (method == HTTP_PRI)  // the preface of HTTP/2 (RFC 9113, 3.4)
      return self.fail(self.url.text() == "*" ? other_version : unknown_method);
    if (const ParseError why = check_target(self.url.text(), llhttp_method_name(method)); failed(why))
      return self.fail(why);
    self.listener->on_url(self.url.text());
    return self.stage == Stage::failed ? HPE_USER : 0;
  };
  settings.on_header_field = [](llhttp_t* parser, const char* at, std::size_t length) {
    of(parser).name.add({at, length});
    return 0;
  };
  settings.on_header_value = [](llhttp_t* parser, const char* at, std::size_t length) {
    of(parser).value.add({at, length});
    return 0;
  };
  settings.on_header_value_complete = [](llhttp_t* parser) { return of(parser).on_header(); };
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

int RequestParser::Impl::on_header() {
  const std::string_view text = trim_white_space(value.text());
  if (++field_count > limits.fields) return fail({431, "too many header fields"});
  if (const ParseError why = check_field(name.text(), text); failed(why)) return fail(why);
  if (stage == Stage::head) {  // else a trailer: nobody may mistake it for a header (RFC 9110, 6.5.1)
    if (const ParseError why = framing.field(name.text(), text); failed(why)) return fail(why);
    listener->on_header(name.text(), text);
  }
  name.clear();
  value.clear();
  return stage == Stage::failed ? HPE_USER : 0;
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

/// llhttp's own refusals, as answers.
ParseError RequestParser::Impl::explain() const noexcept {
  switch (llhttp_get_errno(&llhttp)) {
    case HPE_INVALID_METHOD:
    case HPE_INVALID_CONSTANT:  // a method of RTSP
      return unknown_method;    // for HeadScanner has found a token and one space
    case HPE_PAUSED_H2_UPGRADE:
      return other_version;
    case HPE_INVALID_URL:
      return {400, "malformed request target"};
    case HPE_INVALID_HEADER_TOKEN:
      return {400, "malformed header field"};
    case HPE_INVALID_CONTENT_LENGTH:
      if (llhttp_get_error_reason(&llhttp) == std::string_view("Content-Length overflow"))
        return {413, "the request's body is too large"};
      return {400, "malformed Content-Length"};
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return {400, "conflicting Content-Length"};
    case HPE_INVALID_TRANSFER_ENCODING:
      return {400, "malformed Transfer-Encoding"};
    case HPE_INVALID_CHUNK_SIZE:
      return {400, "malformed chunk size"};
    default:
      return {400, "malformed request"};
  }
}

/// As much of the head as has orderly lines goes to llhttp, whose complaint, being about an earlier octet,
/// goes first. So the cutting of the octets never decides which error is told.
ParseResult RequestParser::Impl::feed(std::string_view octets) {
  if (stage == Stage::failed) return {ParseStatus::malformed, 0, error};
  if (stage == Stage::complete) begin();
  if (stage == Stage::body) return feed_body(octets, 0);

  const std::string_view within = octets.substr(0, limits.head - head_size);
  const HeadScanner::Result scan = lines.scan(within);
  if (scan.size > 0 && !method_is_unknown) {
    const llhttp_errno_t status = execute_head(octets.substr(0, scan.size));
    if (status != HPE_OK && status != HPE_PAUSED) {
      if (stage != Stage::failed) error = explain();
      method_is_unknown = stage != Stage::failed && error.status == unknown_method.status;
      if (!method_is_unknown) return failure(0);
    }
  }
  if (method_is_unknown && lines.past_request_line()) {  // only a whole request line names a method
    error = unknown_method;
    return failure(0);
  }
  if (scan.verdict == HeadScanner::Verdict::end) {
    if (stage == Stage::head) {  // llhttp and the scanner disagree on where the head ends: trust neither
      error = {400, "malformed request"};
      return failure(0);
    }
    return feed_body(octets.substr(scan.size), scan.size);
  }
  if (scan.verdict == HeadScanner::Verdict::bad) {
    error = scan.error;
    return failure(0);
  }
  head_size += scan.size;
  if (within.size() < octets.size() || head_size == limits.head) {
    error = lines.past_request_line() ? head_too_large : ParseError{414, "the request target is too long"};
    return failure(0);
  }
  url.keep();
  name.keep();
  value.keep();
  return {ParseStatus::need_more, octets.size(), {}};
}

/// llhttp 8.1 takes no tab behind the value of Content-Length and Transfer-Encoding, which is white space as
/// any other (RFC 9110, 5.6.3): blanks wait until it is known whether the line ends behind them.
llhttp_errno_t RequestParser::Impl::execute_head(std::string_view octets) {
  constexpr char tab = '\t';
  if (blanks.empty() && octets.find(tab) == std::string_view::npos)
    return llhttp_execute(&llhttp, octets.data(), octets.size());
  const auto execute = [this](std::string_view piece) {
    const llhttp_errno_t status = llhttp_execute(&llhttp, piece.data(), piece.size());
    url.keep();
    name.keep();
    value.keep();
    return status;
  };
  while (!octets.empty()) {
    if (octets.front() != '\r' && !blanks.empty() && octets.front() != ' ' && octets.front() != tab)
      if (const llhttp_errno_t status = execute(blanks); status != HPE_OK) return status;
    if (octets.front() != ' ' && octets.front() != tab) blanks.clear();
    const std::size_t text = std::min(octets.find_first_of(" \t"), octets.size());
    if (text > 0)
      if (const llhttp_errno_t status = execute(octets.substr(0, text)); status != HPE_OK) return status;
    octets.remove_prefix(text);
    const std::size_t white = std::min(octets.find_first_not_of(" \t"), octets.size());
    blanks.append(octets.substr(0, white));
    octets.remove_prefix(white);
  }
  return HPE_OK;
}

/// False if that ended the feeding: with an error, a pause, or the end of the message.
bool RequestParser::Impl::execute_body(std::string_view octets) {
  const llhttp_errno_t status = llhttp_execute(&llhttp, octets.data(), octets.size());
  if (status != HPE_OK && status != HPE_PAUSED && stage != Stage::failed) {
    error = explain();
    stage = Stage::failed;
  }
  return status == HPE_OK;
}

ParseResult RequestParser::Impl::feed_body(std::string_view octets, std::size_t before) {
  if (stage == Stage::body && pausing) return {ParseStatus::paused, before, {}};
  std::size_t size = 0;  // of what was taken; nothing if the message was complete with its head
  if (stage == Stage::body) {
    if (llhttp_get_errno(&llhttp) == HPE_PAUSED) llhttp_resume(&llhttp);
    if (!chunked) {
      size = octets.size();
      if (!execute_body(octets) && stage != Stage::failed)
        size = static_cast<std::size_t>(llhttp_get_error_pos(&llhttp) - octets.data());
    } else {
      // Each octet that is in order goes to llhttp before one that is not is told: see feed.
      for (bool on = true; on && stage == Stage::body && size < octets.size();) {
        const ChunkScanner::Run run = chunks.next(octets.substr(size));
        if (run.kind != ChunkScanner::Kind::extension) on = execute_body(octets.substr(size, run.size));
        size += run.size;
        if (failed(run.error) && stage == Stage::body) fail(run.error);
      }
    }
    if (stage == Stage::failed) return failure(before);
  }
  name.keep();  // of a trailer
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
  return impl().llhttp.method == HTTP_HEAD;
}

}  // namespace antiphon::http
