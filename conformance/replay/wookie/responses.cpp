#include "responses.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "antiphon/http/headers.hpp"

namespace antiphon::wookie_replay {

namespace {

/// One response in a stream of them.
struct parsed {
  std::string status;
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<std::string> chunks;  // one, without chunked coding
  bool chunked = false;
  std::size_t missing = 0;  // octets that Content-Length promised
};

std::string in_small_letters(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

std::optional<std::size_t> number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Takes a line away; none if its end is not there.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

/// False if the chunks end before their end.
bool take_chunks(std::string_view& rest, parsed& into) {
  while (true) {
    const auto line = take_line(rest);
    const auto size = line ? number(*line, 16) : std::nullopt;
    if (!size || rest.size() < *size + 2) return false;
    const std::string_view chunk = rest.substr(0, *size);
    rest.remove_prefix(*size);
    if (!rest.starts_with("\r\n")) return false;
    rest.remove_prefix(2);
    if (*size == 0) return true;
    into.chunks.emplace_back(chunk);
  }
}

/// Takes a response away; none if there is none at the beginning.
std::optional<parsed> take_response(std::string_view& octets) {
  std::string_view rest = octets;
  const auto status_line = take_line(rest);
  if (!status_line || !status_line->starts_with("HTTP/1.1 ") || status_line->size() < 12) return std::nullopt;
  parsed out;
  out.status = status_line->substr(9, 3);
  std::optional<std::size_t> length;
  while (true) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const std::size_t colon = line->find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    auto& [name, value] =
        out.fields.emplace_back(in_small_letters(line->substr(0, colon)), line->substr(colon + 2));
    if (name == "content-length") length = number(value, 10);
    if (name == "transfer-encoding") out.chunked = value == "chunked";
  }
  if (out.chunked) {
    if (!take_chunks(rest, out)) return std::nullopt;
  } else if (length) {
    // What a HEAD or a cut connection leaves away cannot be told from the octets, only counted. Another
    // response is not taken for a body.
    const std::size_t there = rest.starts_with("HTTP/1.1 ") ? 0 : std::min(*length, rest.size());
    out.chunks.emplace_back(rest.substr(0, there));
    out.missing = *length - there;
    rest.remove_prefix(there);
  } else if (out.status != "100" && out.status != "204" && out.status != "304") {
    out.chunks.emplace_back(rest);  // up to the connection's end
    rest = {};
  }
  octets = rest;
  return out;
}

/// Both servers' words for what they answer of themselves.
bool built_in(const parsed& one) {
  const std::string_view body = one.chunks.size() == 1 ? std::string_view(one.chunks[0]) : std::string_view();
  if (one.status == "404") return body == "Route for that resource not found =[." || body == "not found\n";
  if (one.status == "413")
    return body == "request body too large" || body == "the request's body is too large\n";
  if (one.status == "500")
    return body.starts_with("There was an error processing your request: ") ||
           body == "internal server error\n";
  if (one.status == "400" && body == "Error parsing client HTTP request") return true;
  const auto closes = std::find(one.fields.begin(), one.fields.end(),
                                std::pair<std::string, std::string>("connection", "close"));
  const int status = std::stoi(one.status);
  return status >= 400 && closes != one.fields.end() && body.ends_with('\n');  // ours: one line that says why
}

std::string between(std::string_view text, char open, char close) {
  return open + std::string(text) + close;
}

std::string normal(const parsed& one) {
  if (built_in(one)) return one.status + " built-in";
  std::string out = one.status;
  auto fields = one.fields;
  std::stable_sort(fields.begin(), fields.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [name, value] : fields)
    if (name != "date" && name != "connection" && !(name == "server" && value.starts_with("Wookie (")))
      out += " " + name + "=" + value;
  for (const std::string& chunk : one.chunks)
    out += (out.ends_with(']') ? "" : " ") +
           (one.chunked ? between(chunk, '[', ']') : between(chunk, '\'', '\''));
  if (one.missing > 0) out += " (" + std::to_string(one.missing) + " octets less)";
  return out;
}

}  // namespace

nlohmann::json normal_responses(std::string_view octets) {
  nlohmann::json out = nlohmann::json::array();
  while (!octets.empty()) {
    const auto one = take_response(octets);
    if (!one) {
      out.push_back("unparsed: " + std::string(octets));
      break;
    }
    out.push_back(normal(*one));
  }
  return out;
}

std::string date_problem(std::string_view octets) {
  while (!octets.empty()) {
    const auto one = take_response(octets);
    if (!one) break;
    const auto dates = std::count_if(one->fields.begin(), one->fields.end(),
                                     [](const auto& field) { return field.first == "date"; });
    if (one->status != "100" && dates != 1)
      return "a response with " + std::to_string(dates) + " Date fields";
  }
  return {};
}

}  // namespace antiphon::wookie_replay
