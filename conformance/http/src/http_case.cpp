#include "http_case.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace antiphon::http_conformance {

namespace {

/// The lines that name them.
constexpr std::array limit_names{
    std::pair(Limits::stated, std::string_view("stated limits")),
    std::pair(Limits::short_ones, std::string_view("short limits")),
    std::pair(Limits::patient_ones, std::string_view("short limits but for bodies")),
    std::pair(Limits::small_ones, std::string_view("small limits")),
};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  throw CaseError(std::string("no hexadecimal digit: '") + c + "'");
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw CaseError("no number: '" + std::string(text) + "'");
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// "= Name: text", "~ Name: text", "+ Name", "- Name".
FieldCheck field_check(char sign, std::string_view rest) {
  using Kind = FieldCheck::Kind;
  if (sign == '+' || sign == '-')
    return {sign == '+' ? Kind::present : Kind::absent, std::string(trimmed(rest)), {}};
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) throw CaseError("a field check without a colon");
  return {sign == '=' ? Kind::equals : Kind::contains, std::string(trimmed(rest.substr(0, colon))),
          unescape(trimmed(rest.substr(colon + 1)))};
}

/// "200", "400|501", "100?", "400 or end", "200 to HEAD", "200 times 5". The last is told in `times`.
Expect expectation(std::string_view text, std::size_t& times) {
  Expect made;
  std::string word;
  std::istringstream words{std::string(text)};
  words >> word;
  if (word.ends_with('?')) {
    made.optional = true;
    word.pop_back();
  }
  for (std::string_view rest = word;;) {
    const std::size_t bar = rest.find('|');
    made.statuses.push_back(static_cast<unsigned>(number(rest.substr(0, bar))));
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 1);
  }
  for (std::string second; words >> word;) {
    words >> second;
    if (word == "or" && second == "end")
      made.or_end = true;
    else if (word == "to" && second == "HEAD")
      made.to_head = true;
    else if (word == "times")
      times = number(second);
    else
      throw CaseError("unknown words behind a status: '" + word + " " + second + "'");
  }
  return made;
}

std::string to_text(const FieldCheck& check) {
  using Kind = FieldCheck::Kind;
  if (check.kind == Kind::present || check.kind == Kind::absent)
    return (check.kind == Kind::present ? "+ " : "- ") + check.name + "\n";
  return (check.kind == Kind::equals ? "= " : "~ ") + check.name + ": " + escape(check.text) + "\n";
}

class Reader {
 public:
  void line(std::string_view text) {
    if (text.empty() || text.front() == '#') return;
    if (text.starts_with("== ")) {
      section_ = text.substr(3);
    } else if (text.front() == '[') {
      begin(text);
    } else if (cases_.empty()) {
      throw CaseError("a line before the first case");
    } else {
      step(text);
    }
  }
  std::vector<HttpCase> take() {
    flush();
    return std::move(cases_);
  }

 private:
  HttpCase& now() { return cases_.back(); }

  void begin(std::string_view text) {
    flush();
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) throw CaseError("a case's name without ']'");
    HttpCase& made = cases_.emplace_back();
    made.section = section_;
    made.name = text.substr(1, end - 1);
    made.rfc = trimmed(text.substr(end + 1));
  }

  void step(std::string_view text) {
    const char sign = text.front();
    if (sign == '>') {
      if (text.size() > 2) sent_ += text.substr(2);
      return;
    }
    flush();
    if (text == "--") return;
    if (sign == '<') {
      std::size_t times = 1;
      const Expect made = expectation(text.substr(1), times);
      now().steps.insert(now().steps.end(), times, made);
    } else if (text == "eof") {
      now().steps.emplace_back(HalfClose{});
    } else if (text == "closed") {
      now().end = End::closed;
    } else if (text == "open") {
      now().end = End::open;
    } else if (text.starts_with("slowly ")) {
      gap_ = std::chrono::milliseconds(number(text.substr(7)));
    } else if (const auto* named = std::find_if(limit_names.begin(), limit_names.end(),
                                                [&](const auto& each) { return each.second == text; });
               named != limit_names.end()) {
      now().limits = named->first;
    } else {
      demand(sign, text);
    }
  }

  /// Of the response before.
  void demand(char sign, std::string_view text) {
    auto* last = now().steps.empty() ? nullptr : std::get_if<Expect>(&now().steps.back());
    if (last == nullptr)
      throw CaseError("unknown line, or a demand without a response: '" + std::string(text) + "'");
    if (sign == '=' || sign == '~' || sign == '+' || sign == '-') {
      last->fields.push_back(field_check(sign, text.substr(1)));
    } else if (text == "body" || text.starts_with("body ")) {
      last->body = unescape(text.size() > 5 ? text.substr(5) : std::string_view());
    } else if (text.starts_with("size ")) {
      last->size = number(text.substr(5));
    } else {
      throw CaseError("unknown line: '" + std::string(text) + "'");
    }
  }

  void flush() {
    if (sent_.empty()) return;
    for (const char* path : {"/echo", "/stream", "/bytes", "/delay", "/headers"})
      now().needs_app = now().needs_app || sent_.find(path) != std::string::npos;
    now().steps.emplace_back(Send{std::exchange(sent_, {}), std::exchange(gap_, {})});
  }

  std::string section_;
  std::string sent_;
  std::chrono::milliseconds gap_{0};
  std::vector<HttpCase> cases_;
};

}  // namespace

bool HttpCase::half_closes() const {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return std::holds_alternative<HalfClose>(step); });
}

std::string unescape(std::string_view text) {
  std::string octets;
  while (!text.empty()) {
    const std::size_t backslash = text.find('\\');
    octets += text.substr(0, backslash);
    if (backslash == std::string_view::npos) break;
    text.remove_prefix(backslash + 1);
    if (text.empty()) throw CaseError("a backslash at the end");
    const char c = text.front();
    text.remove_prefix(1);
    switch (c) {
      case 'r':
        octets += '\r';
        break;
      case 'n':
        octets += '\n';
        break;
      case 't':
        octets += '\t';
        break;
      case '0':
        octets += '\0';
        break;
      case '\\':
        octets += '\\';
        break;
      case 's':  // a space that an editor would take away
        octets += ' ';
        break;
      case 'x':
        if (text.size() < 2) throw CaseError("\\x without two digits");
        octets += static_cast<char>(hex_value(text[0]) * 16 + hex_value(text[1]));
        text.remove_prefix(2);
        break;
      case '{': {
        const std::size_t end = text.find('}');
        const std::size_t star = text.substr(0, end).rfind('*');
        if (end == std::string_view::npos || star == std::string_view::npos)
          throw CaseError("a malformed \\{text*count}");
        const std::string what = unescape(text.substr(0, star));
        const std::size_t count = number(text.substr(star + 1, end - star - 1));
        if (what.size() == 1)
          octets.append(count, what.front());
        else
          for (std::size_t left = count; left > 0; --left) octets += what;
        text.remove_prefix(end + 1);
        break;
      }
      default:
        throw CaseError(std::string("an unknown escape: \\") + c);
    }
  }
  return octets;
}

std::string escape(std::string_view octets) {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::size_t long_run = 20;
  std::string text;
  for (std::size_t at = 0; at < octets.size();) {
    const char c = octets[at];
    const std::size_t run = std::min(octets.find_first_not_of(c, at), octets.size()) - at;
    std::string one;
    if (c == '\r')
      one = "\\r";
    else if (c == '\n')
      one = "\\n";
    else if (c == '\t')
      one = "\\t";
    else if (c == '\\')
      one = "\\\\";
    else if (c >= ' ' && c <= '~')
      one = std::string(1, c);
    else
      one = {'\\', 'x', hex[static_cast<unsigned char>(c) >> 4U], hex[static_cast<unsigned char>(c) & 15U]};
    const bool as_run = run > long_run && c != '}' && c != '*';
    text += as_run ? "\\{" + one + "*" + std::to_string(run) + "}" : one;
    at += as_run ? run : 1;
  }
  if (text.ends_with(' ')) text.replace(text.size() - 1, 1, "\\s");
  return text;
}

std::vector<HttpCase> parse_cases(std::string_view text, const std::string& origin) {
  Reader reader;
  std::size_t number_of_line = 0;
  while (!text.empty()) {
    ++number_of_line;
    const std::size_t end = text.find('\n');
    try {
      reader.line(text.substr(0, end));
    } catch (const CaseError& error) {
      throw CaseError(origin + ":" + std::to_string(number_of_line) + ": " + error.what());
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return reader.take();
}

std::vector<HttpCase> load_cases(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<HttpCase> all;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw CaseError("cannot read " + file.string());
    for (HttpCase& one : parse_cases(text, file.filename().string())) {
      if (std::any_of(all.begin(), all.end(), [&](const HttpCase& other) { return other.name == one.name; }))
        throw CaseError(file.filename().string() + ": two cases named " + one.name);
      if (one.rfc.empty())
        throw CaseError(file.filename().string() + ": " + one.name + " names no RFC section");
      all.push_back(std::move(one));
    }
  }
  if (all.empty()) throw CaseError("no cases in " + folder.string());
  return all;
}

std::string to_text(const HttpCase& one) {
  std::string text = "[" + one.name + "] " + one.rfc + "\n";
  for (const auto& [limits, named] : limit_names)
    if (one.limits == limits) text += std::string(named) + "\n";
  bool sent = false;
  for (const Step& step : one.steps) {
    const auto* send = std::get_if<Send>(&step);
    if (send != nullptr && sent) text += "--\n";
    sent = send != nullptr;
    if (send != nullptr) {
      if (send->gap.count() > 0) text += "slowly " + std::to_string(send->gap.count()) + "\n";
      text += "> " + send->text + "\n";
    } else if (std::holds_alternative<HalfClose>(step)) {
      text += "eof\n";
    } else {
      const auto& expect = std::get<Expect>(step);
      text += "< ";
      for (const unsigned status : expect.statuses)
        text += (text.ends_with(' ') ? "" : "|") + std::to_string(status);
      if (expect.optional) text += "?";
      if (expect.or_end) text += " or end";
      if (expect.to_head) text += " to HEAD";
      text += "\n";
      for (const FieldCheck& check : expect.fields) text += to_text(check);
      if (expect.body) text += "body " + escape(*expect.body) + "\n";
      if (expect.size) text += "size " + std::to_string(*expect.size) + "\n";
    }
  }
  if (one.end == End::closed) text += "closed\n";
  if (one.end == End::open) text += "open\n";
  return text;
}

}  // namespace antiphon::http_conformance
