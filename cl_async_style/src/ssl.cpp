#include "antiphon/cl_async_style/ssl.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>

#include "client.hpp"
#include "server.hpp"
#include "tls_layer.hpp"

namespace antiphon::cl_async_style {

namespace {

/// As the engine does for PEM, for a key in DER.
void load_asn1(const tls::Context& into, const ssl_parameters& ssl) {
  ERR_clear_error();
  SSL_CTX* context = into.native();
  const auto check = [](int done, const std::string& file) {
    if (done == 1) return;
    const char* reason = ERR_reason_error_string(ERR_get_error());
    throw tcp_ssl_error(UV_EPROTO, file + ": " + (reason == nullptr ? "cannot be used" : reason));
  };
  check(SSL_CTX_use_certificate_chain_file(context, ssl.certificate.c_str()), ssl.certificate);
  check(SSL_CTX_use_PrivateKey_file(context, ssl.key.c_str(), SSL_FILETYPE_ASN1), ssl.key);
  check(SSL_CTX_check_private_key(context), ssl.key);
}

tls::Context make_context(tls::Role role, const ssl_parameters& ssl) {
  if (ssl.ssl_ctx) return *ssl.ssl_ctx;
  const bool of_system = role == tls::Role::client && ssl.verify && ssl.ca_file.empty();
  tls::Context context = of_system ? tls::Context::with_defaults(role) : tls::Context(role);
  if (role == tls::Role::client) {
    if (!ssl.verify) {
      context.set_check_hostname(false);
      context.set_verify(tls::Verify::none);
    } else if (!ssl.ca_file.empty()) {
      context.load_verify_locations(ssl.ca_file);
    }
  }
  if (!ssl.certificate.empty()) {
    if (ssl.keytype == ssl_keytype::asn1)
      load_asn1(context, ssl);
    else
      context.load_certificate_chain(ssl.certificate, ssl.key, ssl.password);
  } else if (role == tls::Role::server) {
    throw tcp_ssl_error(UV_EINVAL, "a TLS server needs a certificate");
  }
  if (!ssl.alpn_protocols.empty()) context.set_alpn_protocols(ssl.alpn_protocols);
  if (!ssl.ciphers.empty()) context.set_ciphers(ssl.ciphers);
  if (ssl.ssl_options != 0) SSL_CTX_set_options(context.native(), ssl.ssl_options);
  return context;
}

std::shared_ptr<const tls_settings> make_settings(const loop& in, tls::Role role, const ssl_parameters& ssl,
                                                  const std::string& host) {
  try {
    return std::make_shared<const tls_settings>(tls_settings{
        make_context(role, ssl), ssl.server_name.empty() ? host : ssl.server_name, ssl.handshake_cb});
  } catch (const tls::ContextError& error) {
    // CL-241: upstream meant to raise its own condition, and an error of Lisp's came instead.
    if (in.upstream_quirks()) throw std::invalid_argument(error.what());
    throw tcp_ssl_error(error.error_number() != 0 ? -error.error_number() : UV_EPROTO, error.what());
  }
}

}  // namespace

std::shared_ptr<socket_server> tcp_ssl_server(std::optional<std::string> address, std::uint16_t port,
                                              read_callback read_cb, server_options options,
                                              const ssl_parameters& ssl) {
  detail::check_stream(read_cb, options);
  return detail::open_tcp(std::move(address), port, std::move(read_cb), {}, options,
                          make_settings(loop::to_open_in(), tls::Role::server, ssl, {}));
}

std::shared_ptr<socket> tcp_ssl_connect(const std::string& host, std::uint16_t port, read_callback read_cb,
                                        connect_options options, const ssl_parameters& ssl) {
  return detail::start_tcp(host, port, std::move(read_cb), {}, options,
                           make_settings(loop::to_open_in(), tls::Role::client, ssl, host));
}

namespace detail {

std::shared_ptr<socket_server> listen_ssl(std::optional<std::string> address, std::uint16_t port,
                                          stream_read_callback read_cb, server_options options,
                                          const ssl_parameters& ssl) {
  options.stream = true;
  return open_tcp(std::move(address), port, {}, std::move(read_cb), options,
                  make_settings(loop::to_open_in(), tls::Role::server, ssl, {}));
}

std::shared_ptr<socket> connect_ssl(const std::string& host, std::uint16_t port, stream_read_callback read_cb,
                                    connect_options options, const ssl_parameters& ssl) {
  options.stream = true;
  return start_tcp(host, port, {}, std::move(read_cb), options,
                   make_settings(loop::to_open_in(), tls::Role::client, ssl, host));
}

}  // namespace detail

}  // namespace antiphon::cl_async_style
