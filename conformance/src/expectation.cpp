#include "expectation.hpp"

#include <algorithm>
#include <string_view>

namespace antiphon::conformance {

namespace {

/// Only `*` is special.
bool fits(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  const std::string_view before = pattern.substr(0, star);
  const std::string_view behind = pattern.substr(star + 1);
  return text.size() >= before.size() + behind.size() && text.starts_with(before) && text.ends_with(behind);
}

}  // namespace

Expectation::Expectation(const std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;  // a token ends at a space outside parentheses
    for (int depth = 0; end < text.size() && (text[end] != ' ' || depth > 0); ++end)
      depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
    std::string each = text.substr(begin, end - begin);
    begin = end + 1;
    if (each.empty()) continue;
    Item item;
    item.may_be_missing = each.back() == '*' || each.back() == '?';
    item.repeats = each.back() == '*' || each.back() == '+';
    if (item.may_be_missing || item.repeats) each.pop_back();
    for (std::size_t from = 0;;) {
      const std::size_t bar = each.find('|', from);
      item.either.push_back(each.substr(from, bar - from));
      if (bar == std::string::npos) break;
      from = bar + 1;
    }
    items_.push_back(std::move(item));
  }
}

/// The positions before items that a position leads to without a token.
std::vector<bool> Expectation::reachable(std::vector<bool> from) const {
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (from[i] && items_[i].may_be_missing) from[i + 1] = true;
  return from;
}

std::optional<Mismatch> Expectation::mismatch(const std::vector<std::string>& tokens) const {
  std::vector<bool> at(items_.size() + 1);
  at[0] = true;
  at = reachable(std::move(at));
  const auto expected = [&] {
    std::string text;
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (at[i])
        for (const std::string& each : items_[i].either)
          if ((" " + text + " ").find(" " + each + " ") == std::string::npos)
            text += (text.empty() ? "" : " or ") + each;
    if (at.back()) text += text.empty() ? "nothing" : " or nothing";
    return text;
  };
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    std::vector<bool> next(items_.size() + 1);
    bool any = false;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!at[i] || std::none_of(items_[i].either.begin(), items_[i].either.end(),
                                 [&](const std::string& each) { return fits(each, tokens[t]); }))
        continue;
      next[i + 1] = any = true;
      if (items_[i].repeats) next[i] = true;
    }
    if (!any) return Mismatch{t, expected()};
    at = reachable(std::move(next));
  }
  if (at.back()) return std::nullopt;
  return Mismatch{tokens.size(), expected()};
}

bool matches(const std::vector<std::string>& tokens, const std::string& expect) {
  return !Expectation(expect).mismatch(tokens);
}

}  // namespace antiphon::conformance
