#include "multipart_parser.hpp"

#include <algorithm>
#include <utility>

#include "antiphon/http/headers.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr std::string_view space = " \t";

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
  return text.substr(0, text.find_last_not_of(space) + 1);
}

/// Of `form-data; name="a"; filename=b` the value of a parameter; none if it is not there.
std::optional<std::string> parameter(std::string_view text, std::string_view name) {
  std::size_t at = text.find(';');
  while (at < text.size()) {
    text.remove_prefix(at + 1);
    const std::size_t equals = text.find_first_of("=;");
    if (equals == std::string_view::npos || text[equals] == ';') {
      at = equals;
      continue;
    }
    const bool wanted = http::equal_ignoring_case(trim(text.substr(0, equals)), name);
    text = text.substr(equals + 1);
    text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
    std::string value;
    if (!text.empty() && text.front() == '"') {
      for (at = 1; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\')) ++at;
        value += text[at];
      }
      at = text.find(';', at);
    } else {
      at = text.find(';');
      value = trim(text.substr(0, at));
    }
    if (wanted) return value;
  }
  return std::nullopt;
}

/// None if it is no part of a form.
std::optional<part_head> parse_head(std::string_view text) {
  std::optional<part_head> head;
  std::string mime_type;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view value = trim(line.substr(colon + 1));
    if (http::equal_ignoring_case(line.substr(0, colon), "Content-Disposition")) {
      if (!http::equal_ignoring_case(trim(value.substr(0, value.find(';'))), "form-data"))
        return std::nullopt;
      auto name = parameter(value, "name");
      if (!name || head) return std::nullopt;
      head.emplace(part_head{std::move(*name), parameter(value, "filename")});
    } else if (http::equal_ignoring_case(line.substr(0, colon), "Content-Type")) {
      mime_type = value;
    }
  }
  if (head) head->mime_type = std::move(mime_type);
  return head;
}

}  // namespace

bool multipart_parser::is_form_data(std::string_view content_type) {
  return http::equal_ignoring_case(trim(content_type.substr(0, content_type.find(';'))),
                                   "multipart/form-data");
}

std::string multipart_parser::boundary(std::string_view content_type) {
  constexpr std::size_t most = 70;
  constexpr std::string_view allowed = "'()+_,-./:=? ";
  if (!is_form_data(content_type)) return {};
  std::string text = parameter(content_type, "boundary").value_or("");
  const bool good = std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           allowed.find(c) != std::string_view::npos;
  });
  if (!good || text.size() > most || text.ends_with(' ')) text.clear();
  return text;
}

multipart_parser::multipart_parser(std::string_view boundary, multipart_listener& listener,
                                   std::size_t head_limit)
    : delimiter_("\r\n--" + std::string(boundary)), listener_(listener), head_limit_(head_limit) {}

std::optional<multipart_error> multipart_parser::fail(multipart_error error) {
  state_ = state::failed;
  error_ = error;
  return error;
}

/// Passes over everything before the next delimiter, as data or as nothing. False if it is not there yet.
bool multipart_parser::find_delimiter(bool data) {
  const std::size_t found = octets_.find(delimiter_, at_);
  // The last octets may be the beginning of a delimiter.
  const std::size_t end = found != std::string::npos ? found
                          : octets_.size() - at_ < delimiter_.size()
                              ? at_
                              : octets_.size() - (delimiter_.size() - 1);
  if (data && end > at_) listener_.on_data(std::string_view(octets_).substr(at_, end - at_));
  at_ = end;
  if (found == std::string::npos) return false;
  at_ += delimiter_.size();
  return true;
}

std::optional<multipart_error> multipart_parser::feed(std::string_view octets) {
  if (state_ == state::failed) return error_;
  if (state_ == state::epilogue) return std::nullopt;
  octets_.erase(0, std::exchange(at_, 0));
  octets_.append(octets);
  while (true) {
    const std::string_view rest = std::string_view(octets_).substr(at_);
    switch (state_) {
      case state::preamble:
        if (!find_delimiter(false)) return std::nullopt;
        state_ = state::delimiter;
        break;
      case state::data:
        if (!find_delimiter(true)) return std::nullopt;
        listener_.on_part_end();
        state_ = state::delimiter;
        break;
      case state::delimiter: {
        if (rest.size() < 2) return std::nullopt;
        if (rest.starts_with("--")) {
          state_ = state::epilogue;
          octets_.clear();
          at_ = 0;
          return std::nullopt;
        }
        const std::size_t padding = rest.find_first_not_of(space);
        if (padding == std::string_view::npos || rest.size() < padding + 2) {
          if (rest.size() > head_limit_) return fail({400, "a multipart delimiter is too long"});
          return std::nullopt;
        }
        if (rest.substr(padding, 2) != "\r\n") return fail({400, "a malformed multipart delimiter"});
        at_ += padding;  // the line's end stays, so that a head without fields ends as any other
        state_ = state::head;
        break;
      }
      case state::head: {
        const std::size_t end = rest.find("\r\n\r\n");
        if (std::min(end, rest.size()) > head_limit_)
          return fail({413, "the head of a part of the form is too large"});
        if (end == std::string_view::npos) return std::nullopt;
        const auto head = parse_head(end == 0 ? std::string_view() : rest.substr(2, end - 2));
        if (!head) return fail({400, "a part of the form has a malformed head"});
        at_ += end + 4;
        listener_.on_part(*head);
        state_ = state::data;
        break;
      }
      case state::epilogue:
      case state::failed:
        return std::nullopt;
    }
  }
}

std::optional<multipart_error> multipart_parser::finish() const {
  if (state_ == state::failed) return error_;
  if (state_ != state::epilogue) return multipart_error{400, "the form ends before it is complete"};
  return std::nullopt;
}

}  // namespace antiphon::cl_async_style
