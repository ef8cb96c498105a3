#include "json_text.hpp"

#include "trace_file.hpp"

namespace antiphon::conformance::cl_async {

std::string json_text(std::string_view octets) {
  try {
    static_cast<void>(Json(octets).dump());  // checks the encoding
    return std::string(octets);
  } catch (const Json::type_error&) {
    std::string text;
    for (const char c : octets) {
      const auto octet = static_cast<unsigned char>(c);
      if (octet < 0x80U) {
        text += c;
      } else {
        text += static_cast<char>(0xC0U | (octet >> 6U));
        text += static_cast<char>(0x80U | (octet & 0x3FU));
      }
    }
    return text;
  }
}

}  // namespace antiphon::conformance::cl_async
