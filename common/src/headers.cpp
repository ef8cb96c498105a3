#include "antiphon/http/headers.hpp"

#include <algorithm>

#include "short_text.hpp"

namespace antiphon::http {

namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

bool detail::same_but_for_case(const char* a, const char* b, std::size_t size) noexcept {
  return std::equal(a, a + size, b, [](char x, char y) { return x == y || lower(x) == lower(y); });
}

bool has_token(std::string_view value, std::string_view token) noexcept {
  while (true) {
    const std::size_t comma = value.find(',');
    if (equal_ignoring_case(trim(value.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

Headers::Headers(std::initializer_list<Field> fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

void Headers::add(std::string_view name, std::string_view value) {
  const auto offset = static_cast<std::uint32_t>(used_);
  const auto name_size = static_cast<std::uint32_t>(name.size());
  const std::size_t need = used_ + name.size() + value.size();
  if (need > text_.size()) text_.resize(std::max(need, 2 * text_.size()));
  copy_to(copy_to(text_.data() + used_, name), value);
  used_ = need;
  slots_.push_back({offset, name_size, offset + name_size, static_cast<std::uint32_t>(value.size())});
}

void Headers::set(std::string_view name, std::string_view value) {
  const std::string kept_name(name);
  const std::string kept_value(value);  // either may be a view into this object
  remove(kept_name);
  add(kept_name, kept_value);
}

std::size_t Headers::remove(std::string_view name) {
  return std::erase_if(slots_, [&](const Slot& slot) {
    return equal_ignoring_case(std::string_view(text_).substr(slot.name, slot.name_size), name);
  });
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
  for (const Field field : *this)
    if (equal_ignoring_case(field.name, name)) return field.value;
  return std::nullopt;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field field : *this)
    if (equal_ignoring_case(field.name, name)) values.push_back(field.value);
  return values;
}

std::size_t Headers::count(std::string_view name) const noexcept {
  std::size_t count = 0;
  for (const Field field : *this) count += equal_ignoring_case(field.name, name) ? 1U : 0U;
  return count;
}

Field Headers::operator[](std::size_t index) const noexcept {
  const Slot& slot = slots_[index];
  const std::string_view text = text_;
  return {text.substr(slot.name, slot.name_size), text.substr(slot.value, slot.value_size)};
}

}  // namespace antiphon::http
