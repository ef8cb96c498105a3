#pragma once

#include <llhttp.h>

#include <string>
#include <string_view>

#include "antiphon/http/date_cache.hpp"

namespace antiphon::bench {

/// The least that answers GET / by HTTP: llhttp, and the same octets as the app's answer, Date included. For
/// the bare servers: no router, no headers, no limits.
class HttpAnswer {
 public:
  HttpAnswer() {
    static const llhttp_settings_t settings = [] {
      llhttp_settings_t made;
      llhttp_settings_init(&made);
      made.on_message_complete = [](llhttp_t* parser) {
        ++static_cast<HttpAnswer*>(parser->data)->complete_;
        return 0;
      };
      return made;
    }();
    llhttp_init(&parser_, HTTP_REQUEST, &settings);
    parser_.data = this;
  }
  HttpAnswer(const HttpAnswer&) = delete;
  HttpAnswer& operator=(const HttpAnswer&) = delete;

  /// Appends an answer for each request that the octets complete; false if they are not HTTP.
  bool feed(std::string_view octets, http::DateCache& date, std::string& out) {
    complete_ = 0;
    if (llhttp_execute(&parser_, octets.data(), octets.size()) != HPE_OK) return false;
    for (; complete_ > 0; --complete_)
      out.append("HTTP/1.1 200 OK\r\nDate: ")
          .append(date.now())
          .append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nhello, world\n");
    return true;
  }

 private:
  llhttp_t parser_{};
  int complete_ = 0;
};

/// Octets read at once, by all servers.
inline constexpr std::size_t read_size = 65536;

}  // namespace antiphon::bench
