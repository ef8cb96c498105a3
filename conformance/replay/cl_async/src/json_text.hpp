#pragma once

#include <string>
#include <string_view>

namespace antiphon::conformance::cl_async {

/// Longer texts are not kept; the traces leave them out, too.
inline constexpr std::size_t short_text = 200;
/// What `send n` and `write n` consist of.
inline constexpr char filler = 'x';

/// Octets as text for JSON: as they are if they are UTF-8, else each as the character of its number.
[[nodiscard]] std::string json_text(std::string_view octets);

}  // namespace antiphon::conformance::cl_async
