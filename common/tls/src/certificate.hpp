#pragma once

#include <openssl/x509.h>

#include "antiphon/tls/certificate.hpp"

namespace antiphon::tls {

[[nodiscard]] Certificate describe_certificate(const X509& certificate);

}  // namespace antiphon::tls
