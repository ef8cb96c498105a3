#pragma once

#include <string>

#include "antiphon/asio_style.hpp"
#include "json.hpp"

namespace antiphon::asyncio_replay {

/// get_extra_info as the traces show its values: an address as Python has it, an object by its class name.
[[nodiscard]] Json extra_info(const asio_style::Transport& transport, const std::string& name,
                              const Json& fallback);

/// Which methods the "socket" of a transport has; known from its type (AS-222).
[[nodiscard]] Json socket_view_offers(const asio_style::Transport& transport);

/// ["127.0.0.1", "PORT"], ["::1", "PORT", 0, 0], or the path of a UNIX socket.
[[nodiscard]] Json address_json(const asio_style::SocketAddress& address);

/// AF_INET, AF_INET6, AF_UNIX.
[[nodiscard]] std::string family_name(int family);

}  // namespace antiphon::asyncio_replay
