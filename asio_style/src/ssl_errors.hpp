#pragma once

#include <antiphon/tls/error.hpp>
#include <exception>

namespace antiphon::asio_style::detail {

/// The engine's error as the exception that Python would raise: SSLError or one of its kinds.
[[nodiscard]] std::exception_ptr make_ssl_error(const tls::Error& error);

}  // namespace antiphon::asio_style::detail
