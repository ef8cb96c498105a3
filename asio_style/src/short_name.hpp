#pragma once

#include <string>
#include <typeinfo>

namespace antiphon::asio_style::detail {

/// A class as its author wrote it, without its namespaces: "Echo", "ValueError".
[[nodiscard]] std::string short_name(const std::type_info& type);

}  // namespace antiphon::asio_style::detail
