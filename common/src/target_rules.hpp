#pragma once

#include <string_view>

#include "antiphon/http/parser.hpp"

namespace antiphon::http {

/// uri-host [ ":" port ] (RFC 3986, 3.2.2), as in Host and in a target; an empty one is allowed (RFC 9112,
/// 3.2). No userinfo (RFC 9110, 4.2.4).
[[nodiscard]] bool is_authority(std::string_view text) noexcept;

/// What is wrong with a request's target: origin-form, absolute-form of http and https, authority-form for
/// CONNECT only, "*" for OPTIONS only (RFC 9112, 3.2); no fragment, no character that a URI cannot have.
[[nodiscard]] ParseError check_target(std::string_view target, std::string_view method) noexcept;

}  // namespace antiphon::http
