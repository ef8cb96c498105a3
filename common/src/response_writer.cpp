#include "antiphon/http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "antiphon/http/request.hpp"
#include "field_rules.hpp"

namespace antiphon::http {

namespace {

/// A status whose response never has a body (RFC 9110, 6.4.1).
bool bodiless(unsigned status) noexcept {
  return status < 200 || status == 204 || status == 304;
}

void put_number(std::uint64_t number, int base, std::string& out) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), end);
}

void put_field(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

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

void ResponseWriter::begin_error() noexcept {
  state_ = State::idle;
  framing_ = Framing::none;
  left_ = 0;
  body_ = 0;
  status_ = 0;
  http_1_0_ = false;
  head_request_ = false;
  keep_alive_ = false;
}

WriteResult ResponseWriter::respond(const ResponseView& response, std::string& out) {
  const WriteResult result = head(response.status, response.fields, response.body.size(), out);
  if (result != WriteResult::written) return result;
  if (framing_ == Framing::length) {
    out.append(response.body);
    body_ = response.body.size();
    left_ = 0;
  }
  state_ = State::finished;
  return WriteResult::written;
}

WriteResult ResponseWriter::head(unsigned status, std::span<const Field> fields,
                                 std::optional<std::uint64_t> length, std::string& out) {
  if (state_ != State::idle) return WriteResult::out_of_order;
  if (status < 200 || status > 999) return WriteResult::bad_field;  // 1xx is never the answer itself
  for (const Field& field : fields)
    if (failed(check_field(field.name, field.value))) return WriteResult::bad_field;

  out.append("HTTP/1.1 ");
  put_number(status, 10, out);
  out.append(" ").append(reason_phrase(status)).append("\r\n");
  put_field("Date", date_->now(), out);
  bool upgrade = false;
  for (const Field& field : fields) {
    // Framing and persistence are this class's business alone: two opinions on them are a smuggled response.
    if (equal_ignoring_case(field.name, "Content-Length") ||
        equal_ignoring_case(field.name, "Transfer-Encoding") || equal_ignoring_case(field.name, "Date"))
      continue;
    if (equal_ignoring_case(field.name, "Connection") && has_token(field.value, "close")) {
      keep_alive_ = false;
      continue;
    }
    upgrade = upgrade || equal_ignoring_case(field.name, "Upgrade");
    put_field(field.name, field.value, out);
  }

  if (bodiless(status)) {
    framing_ = Framing::none;
  } else if (status == 205) {  // says that there is none (RFC 9110, 15.3.6)
    framing_ = Framing::none;
    out.append("Content-Length: 0\r\n");
  } else if (length) {
    framing_ = head_request_ ? Framing::none : Framing::length;
    left_ = *length;
    out.append("Content-Length: ");
    put_number(*length, 10, out);
    out.append("\r\n");
  } else if (http_1_0_) {
    framing_ = head_request_ ? Framing::none : Framing::close;
    if (!head_request_) keep_alive_ = false;
  } else {
    framing_ = head_request_ ? Framing::none : Framing::chunked;
    out.append("Transfer-Encoding: chunked\r\n");
  }
  if (upgrade) out.append("Connection: upgrade\r\n");  // RFC 9110, 7.8: as 426 needs it
  if (!keep_alive_) {
    out.append("Connection: close\r\n");
  } else if (http_1_0_) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
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
    case Framing::chunked:
      put_number(octets.size(), 16, out);
      out.append("\r\n").append(octets).append("\r\n");
      break;
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
