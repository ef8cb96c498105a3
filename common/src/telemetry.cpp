#include "antiphon/http/telemetry.hpp"

#include <algorithm>
#include <utility>

#include "antiphon/http/router.hpp"

namespace antiphon::http {

namespace {

constexpr std::string_view hex = "0123456789abcdef";

/// "10/Oct/2000:13:55:36 +0000", or "2000-10-10T13:55:36Z". Not by the program's locale.
void put_time(std::time_t at, bool iso, std::string& out) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  std::array<char, 40> text{};
  const auto month = months.substr(static_cast<std::size_t>(parts.tm_mon) * 3, 3);
  const int size =
      iso ? std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                          parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec)
          : std::snprintf(text.data(), text.size(), "%02d/%.3s/%04d:%02d:%02d:%02d +0000", parts.tm_mday,
                          month.data(), parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  out.append(text.data(), static_cast<std::size_t>(size));
}

void put_quoted(std::string_view text, bool json, std::string& out) {
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (octet < 0x20 || octet >= 0x7f) {
      ((out += json ? "\\u00" : "\\x") += hex[octet >> 4U]) += hex[octet & 0xfU];
    } else {
      out += c;
    }
  }
}

void put_decimal(double value, std::string& out) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.9g", value);
  out.append(text.data(), static_cast<std::size_t>(size));
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void put_metric(std::string_view name, std::string_view kind, std::string_view help, std::string& out) {
  ((((out += "# HELP ") += name) += ' ') += help) += '\n';
  ((((out += "# TYPE ") += name) += ' ') += kind) += '\n';
}

void put_value(std::string_view name, std::string_view labels, std::uint64_t value, std::string& out) {
  ((((out += name) += labels) += ' ') += std::to_string(value)) += '\n';
}

}  // namespace

void append_clf(const AccessEntry& entry, std::time_t at, std::string& out) {
  out += entry.peer.substr(0, entry.peer.rfind(':'));
  out += " - - [";
  put_time(at, false, out);
  out += "] \"";
  if (entry.method.empty()) {
    out += '-';
  } else {
    put_quoted(entry.method, false, out);
    out += ' ';
    put_quoted(entry.target, false, out);
    (out += " HTTP/1.") += std::to_string(entry.version_minor);
  }
  ((out += "\" ") += std::to_string(entry.status)) += ' ';
  out += entry.octets == 0 ? "-" : std::to_string(entry.octets);
}

void append_json(const AccessEntry& entry, std::time_t at, std::string& out) {
  out += "{\"time\":\"";
  put_time(at, true, out);
  out += "\",\"peer\":\"";
  put_quoted(entry.peer, true, out);
  out += "\",\"method\":";
  if (entry.method.empty()) {
    out += "null,\"target\":null,\"version\":null";
  } else {
    out += '"';
    put_quoted(entry.method, true, out);
    out += "\",\"target\":\"";
    put_quoted(entry.target, true, out);
    ((out += "\",\"version\":\"1.") += std::to_string(entry.version_minor)) += '"';
  }
  (out += ",\"status\":") += std::to_string(entry.status);
  (out += ",\"octets\":") += std::to_string(entry.octets);
  out += ",\"seconds\":";
  put_decimal(seconds(entry.took), out);
  out += '}';
}

void AccessLog::write(const AccessEntry& entry) {
  const std::lock_guard lock(mutex_);
  line_.clear();
  (format_ == Format::clf ? append_clf : append_json)(entry, std::time(nullptr), line_);
  line_ += '\n';
  std::fwrite(line_.data(), 1, line_.size(), to_);
}

void AccessLog::flush() {
  const std::lock_guard lock(mutex_);
  std::fflush(to_);
}

void Metrics::answered(unsigned status, std::chrono::nanoseconds took) noexcept {
  add(by_status_[std::min<std::size_t>(status, by_status_.size() - 1)], 1);
  const auto bound = std::find_if(bounds.begin(), bounds.end(), [&](double b) { return seconds(took) <= b; });
  add(latency_[static_cast<std::size_t>(bound - bounds.begin())], 1);
  add(latency_sum_, static_cast<std::uint64_t>(took.count()));
}

std::string Metrics::text() const {
  std::string out;
  const auto open = static_cast<std::uint64_t>(std::max<std::int64_t>(open_.load(), 0));
  put_metric("antiphon_connections_total", "counter", "Connections accepted.", out);
  put_value("antiphon_connections_total", "", accepted_, out);
  put_metric("antiphon_connections", "gauge", "Connections open now.", out);
  put_value("antiphon_connections", "", open, out);
  put_metric("antiphon_requests_total", "counter", "Requests answered, by status.", out);
  for (std::size_t status = 0; status < by_status_.size(); ++status)
    if (const std::uint64_t count = by_status_[status]; count > 0)
      put_value("antiphon_requests_total", "{status=\"" + std::to_string(status) + "\"}", count, out);
  put_metric("antiphon_received_octets_total", "counter", "Octets received of requests.", out);
  put_value("antiphon_received_octets_total", "", received_, out);
  put_metric("antiphon_sent_octets_total", "counter", "Octets of answers handed to the connections.", out);
  put_value("antiphon_sent_octets_total", "", sent_, out);
  put_metric("antiphon_buffered_octets", "gauge", "Octets that waited for slow readers at the last look.",
             out);
  put_value("antiphon_buffered_octets", "", static_cast<std::uint64_t>(std::max<std::int64_t>(buffered_, 0)),
            out);
  put_metric("antiphon_request_seconds", "histogram", "From a request's head to the end of its answer.", out);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < latency_.size(); ++i) {
    sum += latency_[i];
    std::string label = "{le=\"";
    if (i < bounds.size())
      put_decimal(bounds[i], label);
    else
      label += "+Inf";
    put_value("antiphon_request_seconds_bucket", label + "\"}", sum, out);
  }
  out += "antiphon_request_seconds_sum ";
  put_decimal(static_cast<double>(latency_sum_) / 1e9, out);
  out += '\n';
  put_value("antiphon_request_seconds_count", "", sum, out);
  return out;
}

void add_metrics_route(Router& router, std::shared_ptr<const Metrics> metrics) {
  router.add("GET", "/metrics", [metrics = std::move(metrics)](const Request&, Exchange& exchange) {
    exchange.respond(200, "text/plain; version=0.0.4; charset=utf-8", metrics->text());
  });
}

}  // namespace antiphon::http
