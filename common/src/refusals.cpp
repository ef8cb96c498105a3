#include "refusals.hpp"

#include <string_view>

namespace antiphon::http {

ParseError refusal_of(const llhttp_t& llhttp) noexcept {
  switch (llhttp_get_errno(&llhttp)) {
    case HPE_INVALID_METHOD:    // HeadScanner has found a token and one space
    case HPE_INVALID_CONSTANT:  // a method of RTSP
    case HPE_INVALID_VERSION:   // PRI, which is but the preface of HTTP/2 (RFC 9113, 3.4): it has seen the
                                // version
      return {501, "unknown method"};
    case HPE_PAUSED_H2_UPGRADE:
      return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    case HPE_INVALID_URL:
      return {400, "malformed request target"};
    case HPE_INVALID_HEADER_TOKEN:
      return {400, "malformed header field"};
    case HPE_INVALID_CONTENT_LENGTH:
      if (llhttp_get_error_reason(&llhttp) == std::string_view("Content-Length overflow"))
        return {413, "the request's body is too large"};
      return {400, "malformed Content-Length"};
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return {400, "conflicting Content-Length"};
    case HPE_INVALID_TRANSFER_ENCODING:
      return {400, "malformed Transfer-Encoding"};
    case HPE_INVALID_CHUNK_SIZE:
      return {400, "malformed chunk size"};
    default:
      return {400, "malformed request"};
  }
}

}  // namespace antiphon::http
