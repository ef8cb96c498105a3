#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <vector>

#include "antiphon/tls/context.hpp"

namespace antiphon::tls {

struct Context::State {
  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> native;
  Role role = Role::client;
  Verify verify = Verify::none;
  bool check_hostname = false;
  std::vector<unsigned char> alpn;  // as on the wire: length, octets, length, octets, ...
  ServerNameCallback server_name_callback;

  static int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* length,
                         const unsigned char* offered, unsigned int offered_length, void* state);
  static int choose_context(SSL* ssl, int* alert, void* state);
};

/// OpenSSL's flags for `verify`.
[[nodiscard]] int verify_flags(Verify verify) noexcept;

}  // namespace antiphon::tls
