#pragma once

#include <string>

#include "antiphon/asio_style.hpp"

namespace antiphon::asyncio_replay {

/// The certificate (PEM) that the peers trust, made once per process.
[[nodiscard]] const std::string& trusted_certificate();

/// {"$ssl": "server"} and {"$ssl": "client"}: a server for localhost that hands out no session tickets; a
/// client that trusts it.
[[nodiscard]] asio_style::SSLContext tls_context(const std::string& side);

}  // namespace antiphon::asyncio_replay
