#pragma once

#include <memory>

#include "antiphon/cl_async_style/client.hpp"
#include "stream.hpp"

namespace antiphon::cl_async_style::detail {

/// What all clients begin with: a socket that is not connected yet, with what it is to send first. Throws
/// std::invalid_argument for options that exclude each other.
[[nodiscard]] std::shared_ptr<stream> make_client(stream::kind kind, read_callback read_cb,
                                                  stream_read_callback stream_read_cb,
                                                  connect_options& options,
                                                  std::shared_ptr<const tls_settings> tls = {});

/// What all clients on TCP are made by; one of the two read callbacks is null.
[[nodiscard]] std::shared_ptr<socket> start_tcp(const std::string& host, std::uint16_t port,
                                                read_callback read_cb, stream_read_callback stream_read_cb,
                                                connect_options& options,
                                                std::shared_ptr<const tls_settings> tls = {});

}  // namespace antiphon::cl_async_style::detail
