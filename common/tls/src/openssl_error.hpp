#pragma once

#include "antiphon/tls/error.hpp"

namespace antiphon::tls {

/// The newest entry of the thread's error queue, which is empty afterwards.
[[nodiscard]] Error take_openssl_error();

}  // namespace antiphon::tls
