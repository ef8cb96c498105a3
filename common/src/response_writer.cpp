#include "antiphon/http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "antiphon/http/request.hpp"
#include "short_text.hpp"
#include "text_rules.hpp"

namespace antiphon::http {

namespace {

/// A status whose response never has a body (RFC 9110, 6.4.1).
bool bodiless(unsigned status) noexcept {
  return status < 200 || status == 204 || status == 304;
}

/// Appends pieces that are known to need `most` octets at most, all at once: few on the stack first, since a
/// string that grows is set to zero first.
class Composer {
 public:
  Composer(std::string& out, std::size_t most) : out_(&out) {
    if (most > few_.size()) {
      const std::size_t before = out.size();
      out.resize(before + most);
      at_ = out.data() + before;
      in_place_ = true;
    }
  }
  Composer(const Composer&) = delete;
  Composer& operator=(const Composer&) = delete;

  /// Behind the last piece; without it nothing is certain.
  void done() {
    if (in_place_)
      out_->resize(static_cast<std::size_t>(at_ - out_->data()));
    else
      out_->append(few_.data(), static_cast<std::size_t>(at_ - few_.data()));
  }

  /// A text whose size is known when this is compiled.
  template <std::size_t Size>
  void put(const char (&text)[Size]) noexcept {
    put(std::span<const char, Size - 1>(text, Size - 1));
  }
  template <std::size_t Size>
  requires(Size != std::dynamic_extent) void put(std::span<const char, Size> text) noexcept {
    std::memcpy(at_, text.data(), Size);
    at_ += Size;
  }
  void put(std::string_view text) noexcept { at_ = copy_to(at_, text); }
  template <int Base>
  void put_number(std::uint64_t number) noexcept {
    at_ = std::to_chars(at_, at_ + number_most, number, Base).ptr;
  }
  void put_field(const Field& field) noexcept {
    put(field.name);
    put(": ");
    put(field.value);
    put("\r\n");
  }

  static constexpr std::size_t number_most = 20;  // digits

 private:
  std::string* out_;
  std::array<char, 768> few_;  // an answer with some fields and a short body
  char* at_ = few_.data();
  bool in_place_ = false;
};

constexpr std::size_t small_body = 256;  // goes with its head
constexpr std::size_t head_most = 256;   // of a head without its fields: the longest is not half of it

}  // namespace

void ResponseWriter::begin(const Request& request, bool keep_alive) noexcept {
  state_ = State::idle;
  framing_ = Framing::none;
  left_ = 0;
  body_ = 0;
  status_ = 0;
  http_1_0_ = request.version_major() == 1 && request.version_minor() == 0;
  head_request_ = request.method() == "HEAD";
  keep_alive_ = keep_alive && request.keep_alive();
}

void ResponseWriter::begin_error(bool to_head) noexcept {
  state_ = State::idle;
  framing_ = Framing::none;
  left_ = 0;
  body_ = 0;
  status_ = 0;
  http_1_0_ = false;
  head_request_ = to_head;
  keep_alive_ = false;
}

WriteResult ResponseWriter::respond(const ResponseView& response, std::string& out) {
  const bool with_head = response.body.size() <= small_body;
  const WriteResult result = compose(response.status, response.fields, response.body.size(),
                                     with_head ? response.body : std::string_view(), out);
  if (result != WriteResult::written) return result;
  if (framing_ == Framing::length) {
    if (!with_head) out.append(response.body);
    body_ = response.body.size();
    left_ = 0;
  }
  state_ = State::finished;
  return WriteResult::written;
}

WriteResult ResponseWriter::head(unsigned status, std::span<const Field> fields,
                                 std::optional<std::uint64_t> length, std::string& out) {
  return compose(status, fields, length, {}, out);
}

/// False: of framing and persistence, which are this class's business alone. Two opinions on them are a
/// smuggled response.
bool ResponseWriter::is_to_be_told(const Field& field) noexcept {
  switch (field.name.size()) {
    case 4:
      return !equal_ignoring_case(field.name, "Date");
    case 7:
      upgrade_ = upgrade_ || equal_ignoring_case(field.name, "Upgrade");
      return true;
    case 10:
      if (!equal_ignoring_case(field.name, "Connection") || !has_token(field.value, "close")) return true;
      keep_alive_ = false;
      return false;
    case 14:
      return !equal_ignoring_case(field.name, "Content-Length");
    case 17:
      return !equal_ignoring_case(field.name, "Transfer-Encoding");
    default:
      return true;
  }
}

/// The head and, if it is small and there at once, the body.
WriteResult ResponseWriter::compose(unsigned status, std::span<const Field> fields,
                                    std::optional<std::uint64_t> length, std::string_view body,
                                    std::string& out) {
  if (state_ != State::idle) return WriteResult::out_of_order;
  if (status < 200 || status > 999) return WriteResult::bad_field;  // 1xx is never the answer itself
  std::size_t most = head_most + body.size();
  for (const Field& field : fields) {
    if (!is_token(field.name) || !is_value(field.value)) return WriteResult::bad_field;
    most += field.name.size() + field.value.size() + std::string_view(": \r\n").size();
  }

  Composer head(out, most);
  if (status == 200) {  // nearly always
    head.put(date_->ok_now());
  } else {
    head.put("HTTP/1.1 ");
    head.put_number<10>(status);
    head.put(" ");
    head.put(reason_phrase(status));
    head.put("\r\n");
    head.put(date_->line_now());
  }
  upgrade_ = false;
  for (const Field& field : fields)
    if (is_to_be_told(field)) head.put_field(field);

  if (bodiless(status)) {
    framing_ = Framing::none;
  } else if (status == 205) {  // says that there is none (RFC 9110, 15.3.6)
    framing_ = Framing::none;
    head.put("Content-Length: 0\r\n");
  } else if (length) {
    framing_ = head_request_ ? Framing::none : Framing::length;
    left_ = *length;
    head.put("Content-Length: ");
    head.put_number<10>(*length);
    head.put("\r\n");
  } else if (http_1_0_) {
    framing_ = head_request_ ? Framing::none : Framing::close;
    if (!head_request_) keep_alive_ = false;
  } else {
    framing_ = head_request_ ? Framing::none : Framing::chunked;
    head.put("Transfer-Encoding: chunked\r\n");
  }
  if (upgrade_) head.put("Connection: upgrade\r\n");  // RFC 9110, 7.8: as 426 needs it
  if (!keep_alive_) {
    head.put("Connection: close\r\n");
  } else if (http_1_0_) {
    head.put("Connection: keep-alive\r\n");
  }
  head.put("\r\n");
  if (framing_ == Framing::length) head.put(body);
  head.done();
  status_ = status;
  state_ = State::body;
  return WriteResult::written;
}

WriteResult ResponseWriter::body(std::string_view octets, std::string& out) {
  if (state_ != State::body) return WriteResult::out_of_order;
  if (octets.empty()) return WriteResult::written;  // an empty chunk would end the body
  if (framing_ != Framing::none) body_ += octets.size();
  switch (framing_) {
    case Framing::none:
      break;
    case Framing::close:
      out.append(octets);
      break;
    case Framing::chunked: {
      Composer chunk(out, Composer::number_most + octets.size() + 2 * std::string_view("\r\n").size());
      chunk.put_number<16>(octets.size());
      chunk.put("\r\n");
      chunk.put(octets);
      chunk.put("\r\n");
      chunk.done();
      break;
    }
    case Framing::length: {
      const std::size_t fitting = static_cast<std::size_t>(std::min<std::uint64_t>(octets.size(), left_));
      out.append(octets.substr(0, fitting));
      left_ -= fitting;
      if (fitting < octets.size()) {
        keep_alive_ = false;
        return WriteResult::too_much;
      }
      break;
    }
  }
  return WriteResult::written;
}

WriteResult ResponseWriter::finish(std::string& out) {
  if (state_ != State::body) return WriteResult::out_of_order;
  state_ = State::finished;
  if (framing_ == Framing::chunked) out.append("0\r\n\r\n");
  if (framing_ == Framing::length && left_ != 0) {
    keep_alive_ = false;
    return WriteResult::too_little;
  }
  return WriteResult::written;
}

}  // namespace antiphon::http
