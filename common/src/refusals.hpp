#pragma once

#include <llhttp.h>

#include "antiphon/http/parser.hpp"

namespace antiphon::http {

/// llhttp's own refusal of what it was given, as the answer to the client.
[[nodiscard]] ParseError refusal_of(const llhttp_t& llhttp) noexcept;

}  // namespace antiphon::http
