#include "antiphon/http/request.hpp"

#include <algorithm>

#include "text_rules.hpp"

namespace antiphon::http {

namespace {

/// Appends `text` with %XX decoded; false at a malformed escape.
bool append_decoded(std::string_view text, std::string& out) {
  std::size_t percent = text.find('%');
  while (percent != std::string_view::npos) {
    out.append(text.substr(0, percent));
    if (text.size() < percent + 3) return false;
    const int high = hex_digit(text[percent + 1]);
    const int low = hex_digit(text[percent + 2]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high * 16 + low));
    text.remove_prefix(percent + 3);
    percent = text.find('%');
  }
  out.append(text);
  return true;
}

/// Where the path of an absolute-form target begins; 0 for the other forms.
std::size_t path_offset(std::string_view target) noexcept {
  if (target.empty() || target.front() == '/' || target == "*") return 0;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return 0;
  const std::size_t path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? target.size() : path;
}

}  // namespace

std::string_view Request::param(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < param_count_; ++i)
    if (params_[i].name == name) return path().substr(params_[i].offset, params_[i].size);
  return {};
}

void Request::clear() noexcept {
  constexpr std::size_t kept_body = 64 * 1024;
  method_.clear();
  target_.clear();
  path_is_decoded_ = false;
  path_at_ = 0;
  path_size_ = 0;
  if (body_.size() > kept_body) std::string().swap(body_);  // an assignment would keep the memory
  body_.clear();
  headers_.clear();
  content_length_ = 0;
  param_count_ = 0;
  query_ = 0;
  version_major_ = 1;
  version_minor_ = 1;
  keep_alive_ = true;
  expects_continue_ = false;
}

bool Request::set_target(std::string_view target) {
  target_ = target;
  path_at_ = 0;
  path_is_decoded_ = false;
  if (is_plain_path(target)) {  // nearly always
    path_size_ = query_ = target.size();
    return true;
  }
  const std::string_view whole = target_;
  const std::size_t question = whole.find('?');
  query_ = question == std::string_view::npos ? whole.size() : question + 1;
  path_at_ = path_offset(whole);
  const std::string_view path = whole.substr(path_at_, std::min(question, whole.size()) - path_at_);
  path_size_ = path.size();
  path_is_decoded_ = path.empty() || path.find('%') != std::string_view::npos;
  if (!path_is_decoded_) return true;
  path_ = path.empty() ? "/" : "";
  return append_decoded(path, path_);
}

void Request::add_param(std::string_view name, std::string_view value) noexcept {
  if (param_count_ == max_params) return;
  params_[param_count_++] = {name, static_cast<std::uint32_t>(value.data() - path().data()),
                             static_cast<std::uint32_t>(value.size())};
}

}  // namespace antiphon::http
