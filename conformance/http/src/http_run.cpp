#include "http_run.hpp"

#include <algorithm>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

namespace antiphon::http_conformance {

namespace {

std::string lower(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return copy;
}

/// IMF-fixdate (RFC 9110, 5.6.7).
bool is_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return end != nullptr && *end == '\0' && copy.size() == 29;
}

std::string check_field(const FieldCheck& check, const Response& response) {
  const auto values = response.fields.get_all(check.name);
  const auto has = [&](auto&& good) { return std::any_of(values.begin(), values.end(), good); };
  const std::string of = "the field " + check.name;
  switch (check.kind) {
    case FieldCheck::Kind::present:
      return values.empty() ? of + " is missing" : "";
    case FieldCheck::Kind::absent:
      return values.empty() ? "" : of + " is there";
    case FieldCheck::Kind::equals:
      return has([&](std::string_view value) { return lower(value) == lower(check.text); })
                 ? ""
                 : of + " is not '" + check.text + "'";
    case FieldCheck::Kind::contains:
      return has([&](std::string_view value) {
        return lower(value).find(lower(check.text)) != std::string::npos;
      })
                 ? ""
                 : of + " does not contain '" + check.text + "'";
  }
  return "";
}

std::string list(const std::vector<unsigned>& statuses) {
  std::string text;
  for (const unsigned status : statuses) text += (text.empty() ? "" : " or ") + std::to_string(status);
  return text;
}

std::string check_expected(const Expect& expect, const Response& response) {
  if (std::find(expect.statuses.begin(), expect.statuses.end(), response.status) == expect.statuses.end())
    return "the status is " + std::to_string(response.status) + ", not " + list(expect.statuses);
  for (const FieldCheck& check : expect.fields)
    if (std::string why = check_field(check, response); !why.empty()) return why;
  if (expect.body && response.body != *expect.body)
    return "the body is '" + escape(response.body.substr(0, 200)) + "', not '" + escape(*expect.body) + "'";
  if (expect.size && response.body.size() != *expect.size)
    return "the body has " + std::to_string(response.body.size()) + " octets, not " +
           std::to_string(*expect.size);
  return "";
}

class Conversation {
 public:
  Conversation(const HttpCase& one, const Address& server, Cutting cutting)
      : case_(one), said_(said_by(one)), client_(server), cutting_(cutting) {}

  std::string hold() {
    auto said = said_.begin();
    for (const Step& step : case_.steps) {
      if (const auto* send = std::get_if<Send>(&step)) {
        say(*said++, send->gap);
      } else if (std::holds_alternative<HalfClose>(step)) {
        client_.half_close();
        half_closed_ = true;
      } else if (std::string why = hear(std::get<Expect>(step)); !why.empty()) {
        return why;
      }
      if (ended_) return "";
    }
    return finish();
  }

 private:
  struct Said {
    std::string octets;
    char minor_version;  // of the last request line in it: decides over what the answer may be; 0: none
  };
  /// Made before the connection is, so that a server does not wait for it.
  static std::vector<Said> said_by(const HttpCase& one) {
    std::vector<Said> all;
    for (const Step& step : one.steps) {
      const auto* send = std::get_if<Send>(&step);
      if (send == nullptr) continue;
      Said& said = all.emplace_back(Said{unescape(send->text), 0});
      const std::size_t line = said.octets.rfind(" HTTP/1.");
      if (line != std::string::npos && line + 8 < said.octets.size())
        said.minor_version = said.octets[line + 8];
    }
    return all;
  }

  void say(const Said& said, std::chrono::milliseconds gap) {
    const std::string_view octets = said.octets;
    if (said.minor_version != 0) http_1_0_ = said.minor_version == '0';
    if (cutting_ == Cutting::as_written && gap.count() == 0) return client_.send(octets);
    for (const char& octet : octets) {
      std::this_thread::sleep_for(gap);
      client_.send({&octet, 1});
    }
  }

  std::string hear(const Expect& expect) {
    if (!kept_) {  // an optional one did not come, but the next did
      last_ = client_.read(expect.to_head);
      kept_ = true;
    }
    ++heard_;
    const std::string at = "response " + std::to_string(heard_) + ": ";
    if (last_.status == 0) {
      if (expect.optional) return "";
      ended_ = expect.or_end;
      return expect.or_end ? "" : at + "the connection ended, awaited was " + list(expect.statuses);
    }
    if (expect.optional &&
        std::find(expect.statuses.begin(), expect.statuses.end(), last_.status) == expect.statuses.end()) {
      --heard_;
      return "";
    }
    kept_ = false;
    if (std::string why = check_response(last_, http_1_0_); !why.empty()) return at + why + "\n" + last_.head;
    if (std::string why = check_expected(expect, last_); !why.empty())
      return at + why + "\n" + last_.head + last_.body.substr(0, 200);
    return "";
  }

  std::string finish() {
    if (kept_ && last_.status != 0) return "one response too many:\n" + last_.head;
    if (last_.to_close) return "";
    const bool says_close = half_closed_ || says("close") || (last_.minor == 0 && !says("keep-alive"));
    const bool must_close = case_.end == End::closed || (case_.end == End::as_told && says_close);
    if (case_.end == End::open && says("close")) return "the response says close";
    if (must_close) {
      if (!client_.ended())
        return "after the last response comes '" + escape(client_.read(false).head) + "' and no end";
      if (client_.was_cut() && !client_.was_reset()) return "the end comes without close_notify";
      return case_.end == End::closed && client_.was_reset() && heard_ == 0 ? "reset without a response" : "";
    }
    // Another request on the same connection shows that it is open, and that nothing was left over.
    client_.send("GET / HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
    const Response probe = client_.read(false);
    if (probe.status == 0) return "the connection is closed though nothing said so";
    if (probe.status != 200)
      return "a further GET / on the connection is answered with " + std::to_string(probe.status);
    if (!client_.ended()) return "more than one response to a further request";
    return "";
  }

  [[nodiscard]] bool says(std::string_view option) const {
    const auto values = last_.fields.get_all("Connection");
    return std::any_of(values.begin(), values.end(),
                       [&](std::string_view value) { return http::has_token(value, option); });
  }

  const HttpCase& case_;
  std::vector<Said> said_;
  HttpClient client_;
  Cutting cutting_;
  Response last_;
  int heard_ = 0;
  bool kept_ = false;  // last_ was read, and is still to be matched
  bool http_1_0_ = false;
  bool half_closed_ = false;
  bool ended_ = false;
};

}  // namespace

std::string check_response(const Response& response, bool to_http_1_0) {
  const bool coded = response.fields.contains("Transfer-Encoding");
  const bool sized = response.fields.contains("Content-Length");
  if (coded && sized) return "both Content-Length and Transfer-Encoding (RFC 9112, 6.2)";
  if (coded && to_http_1_0) return "Transfer-Encoding to a client of HTTP/1.0 (RFC 9112, 6.1)";
  if (response.fields.count("Content-Length") > 1) return "more than one Content-Length (RFC 9110, 8.6)";
  if ((response.status < 200 || response.status == 204) && (coded || sized))
    return "framing fields in a response that has no body (RFC 9110, 8.6; RFC 9112, 6.1)";
  // The same holds for 4xx, which a case of its own asks for: many servers do not know the time in their
  // parser.
  if (response.status >= 200 && response.status < 400) {
    const auto date = response.fields.get("Date");
    if (!date) return "no Date (RFC 9110, 6.6.1)";
    if (response.fields.count("Date") > 1 || !is_date(*date)) return "a malformed Date (RFC 9110, 5.6.7)";
  }
  if (response.status == 405 && !response.fields.contains("Allow"))
    return "405 without Allow (RFC 9110, 15.5.6)";
  if (response.status == 426 && !response.fields.contains("Upgrade"))
    return "426 without Upgrade (RFC 9110, 15.5.22)";
  return "";
}

std::string run_case(const HttpCase& one, const Address& server, Cutting cutting) {
  try {
    return Conversation(one, server, cutting).hold();
  } catch (const std::runtime_error& bad) {  // no HTTP, or no connection
    return bad.what();
  }
}

}  // namespace antiphon::http_conformance
