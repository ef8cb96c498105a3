#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "antiphon/cl_async_style/tcp_server.hpp"
#include "tls_layer.hpp"

namespace antiphon::cl_async_style::detail {

/// Throws std::invalid_argument for a read_cb of the wrong kind.
void check_stream(const read_callback& read_cb, const server_options& options);

/// What all listeners on TCP are made by; one of the two read callbacks is null.
[[nodiscard]] std::shared_ptr<socket_server> open_tcp(std::optional<std::string> address, std::uint16_t port,
                                                      read_callback read_cb,
                                                      stream_read_callback stream_read_cb,
                                                      server_options& options,
                                                      std::shared_ptr<const tls_settings> tls = {});

}  // namespace antiphon::cl_async_style::detail
