#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style/client.hpp"
#include "antiphon/cl_async_style/tcp_server.hpp"
#include "antiphon/tls/engine.hpp"

namespace antiphon::cl_async_style {

enum class ssl_keytype { pem, asn1 };

/// What cl-async-ssl's servers and clients take besides what the others take.
struct ssl_parameters {
  /// The whole context (upstream's :ssl-ctx): used as it is, and all but server_name and handshake_cb below
  /// is ignored.
  std::optional<tls::Context> ssl_ctx{};
  std::string certificate{};  ///< a PEM file: our certificate, then those that lead to its authority
  std::string key{};          ///< the file of its key; empty: the same
  ssl_keytype keytype = ssl_keytype::pem;
  std::uint64_t ssl_options = 0;  ///< OpenSSL's SSL_OP_* bits, added to the engine's own
  std::string ciphers{};          ///< OpenSSL's cipher list, for TLS 1.2
  // Extensions.
  std::string password{};                     ///< of an encrypted key
  std::vector<std::string> alpn_protocols{};  ///< what is spoken inside, in order of preference
  bool verify = true;  ///< clients: the certificate must be trusted and fit the name (upstream: off, CL-245)
  std::string ca_file{};           ///< clients: the authorities to trust, instead of the system's
  std::string server_name{};       ///< clients: for SNI and verification, instead of the host
  socket_callback handshake_cb{};  ///< TLS is agreed on: ssl_engine() can be asked
};

/// tcp_server with TLS (CL-240). The sockets are the same to the application: write_socket_data, close_socket
/// and all the others work on them, in stream mode, too (unlike upstream, CL-247, CL-248).
///
/// connect_cb is called when the TCP connection is made; what is written before the handshake is done is sent
/// after it (CL-242, CL-243). read_cb gets at most a TLS record, 16384 octets (CL-249).
///
/// The peer's close_notify is socket_eof; so is the end of a connection that never spoke TLS. A handshake
/// that fails, a broken record, and octets that end without close_notify (code UV_EOF: they may not be all)
/// are tcp_ssl_error (unlike upstream, CL-244, CL-246). close_socket says close_notify; forced, it does not.
///
/// Throws tcp_ssl_error, before it listens, for a certificate or key that cannot be used (CL-241), and what
/// tcp_server throws.
std::shared_ptr<socket_server> tcp_ssl_server(std::optional<std::string> address, std::uint16_t port,
                                              read_callback read_cb, server_options options = {},
                                              const ssl_parameters& ssl = {});

/// tcp_connect with TLS. The certificate is verified and the host's name sent, unless told otherwise
/// (CL-245). One that is not to be trusted: tcp_ssl_error to event_cb, and nothing that was written has left.
std::shared_ptr<socket> tcp_ssl_connect(const std::string& host, std::uint16_t port, read_callback read_cb,
                                        connect_options options = {}, const ssl_parameters& ssl = {});

/// Extension: what the handshake agreed on (version, cipher, names, certificate). Null for a socket without
/// TLS, and after the end.
[[nodiscard]] const tls::Engine* ssl_engine(const socket& of) noexcept;

namespace detail {
std::shared_ptr<socket_server> listen_ssl(std::optional<std::string> address, std::uint16_t port,
                                          stream_read_callback read_cb, server_options options,
                                          const ssl_parameters& ssl);
std::shared_ptr<socket> connect_ssl(const std::string& host, std::uint16_t port, stream_read_callback read_cb,
                                    connect_options options, const ssl_parameters& ssl);
}  // namespace detail

/// Stream mode.
template <stream_reader F>
std::shared_ptr<socket_server> tcp_ssl_server(std::optional<std::string> address, std::uint16_t port,
                                              F read_cb, server_options options = {},
                                              const ssl_parameters& ssl = {}) {
  return detail::listen_ssl(std::move(address), port, std::move(read_cb), std::move(options), ssl);
}
template <stream_reader F>
std::shared_ptr<socket> tcp_ssl_connect(const std::string& host, std::uint16_t port, F read_cb,
                                        connect_options options = {}, const ssl_parameters& ssl = {}) {
  return detail::connect_ssl(host, port, std::move(read_cb), std::move(options), ssl);
}

}  // namespace antiphon::cl_async_style
