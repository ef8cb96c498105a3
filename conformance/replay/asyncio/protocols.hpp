#pragma once

#include <memory>
#include <string>

#include "antiphon/asio_style.hpp"
#include "json.hpp"

namespace antiphon::asyncio_replay {

/// The name under which the recorder made the protocol, as a JSON string; null for a null pointer.
[[nodiscard]] Json name_of(const std::shared_ptr<asio_style::BaseProtocol>& protocol);

/// Names that end in "buf" are BufferedProtocols.
[[nodiscard]] bool is_buffered_name(const std::string& name);

}  // namespace antiphon::asyncio_replay
